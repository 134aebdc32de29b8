"""A forked start shows what ``python FILE`` shows, and leaves nothing behind; else the file runs by itself."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from catalogue.toys import OK, WRONG_GRADIENT, alive, documented, environment, write_finding
from sharpbits.catalogue import Environment, Finding, Parents, Verdict, load_finding, run_finding
from sharpbits.catalogue.forking import ForkRefusedError, forkable
from sharpbits.catalogue.imports import imported_packages
from sharpbits.catalogue.process import Limits
from sharpbits.catalogue.runner import InterruptedRunError, run_once
from sharpbits.gpu.devices import Gpu

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forking is done on Linux only")

HERE = environment(packages={"numpy": "2.0.0"})
IMPORTS = "import numpy\n"


@pytest.fixture
def parents() -> Iterator[Parents]:
    with Parents() as made:
        yield made


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Finding]:
    def write(body: str, slug: str = "x", **table: Any) -> Finding:
        return load_finding(write_finding(tmp_path / "findings", slug, IMPORTS + body, **table))

    return write


REPORTS_ITSELF = """
import json, os, resource, signal, sys, tempfile
facts = {
    "argv": sys.argv,
    "path": sys.path,
    "name": __name__,
    "file": __file__,
    "names": sorted(name for name in globals() if not name.startswith("__")),
    "leads its session": os.getsid(0) == os.getpid(),
    "in an empty folder": os.listdir(),
    "temporary folder is its own": tempfile.gettempdir() == os.environ["TMPDIR"] == os.getcwd(),
    "variables": sorted(name for name in os.environ if not name.startswith("SHARPBITS")),
    "stdin": os.read(0, 1).decode(),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:3],
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "handlers": {name: str(signal.getsignal(getattr(signal, name))) for name in ("SIGCHLD", "SIGTERM", "SIGPIPE")},
    "encoding": [sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.line_buffering],
}
print("words before the result")
print(json.dumps({"outcome": "ok", "observed": facts, "expected": 1, "error": 0.0, "tolerance": 0.0}))
"""


def test_a_forked_program_finds_itself_as_python_file_does(make: Callable[..., Finding], parents: Parents) -> None:
    finding = make(REPORTS_ITSELF)
    forked, alone = run_once(finding, None, None, parents), run_once(finding, None, None)
    assert forked.observed == alone.observed
    assert forked.observed["in an empty folder"] == []


PROGRAMS = {
    "ok": OK,
    "wrong": WRONG_GRADIENT,
    "raises": "def f():\n    raise ValueError('the text')\nf()",
    "refuses": "class MadeUpCompileError(Exception): pass\nraise MadeUpCompileError('no such operation')",
    "exits": "import sys\nsys.exit(7)",
    "aborts": "import os, sys\nprint('said before', file=sys.stderr, flush=True)\nos.abort()",
    "segfaults": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "exit_handler": "import atexit, os\natexit.register(os.abort)",
    "threads": "import threading, time\nthreading.Thread(target=time.sleep, args=(0.1,)).start()" + OK,
    "hangs": "import time\ntime.sleep(600)",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_forked_program_ends_as_python_file_does(make: Callable[..., Finding], parents: Parents, name: str) -> None:
    finding = make(PROGRAMS[name], timeout_s=2.0)
    forked, alone = run_once(finding, None, None, parents), run_once(finding, None, None)
    for fact in ("outcome", "exception", "signal", "observed", "error"):
        assert getattr(forked, fact) == getattr(alone, fact), fact
    if name not in ("hangs", "aborts", "segfaults", "exit_handler"):  # faulthandler tells of frames and threads
        assert forked.detail == alone.detail
        assert forked.text == alone.text


def test_a_forked_program_is_held_to_its_memory_limit(make: Callable[..., Finding], parents: Parents) -> None:
    finding = make("import time\nx = b'x' * (400 << 20)\ntime.sleep(600)", memory_mib=256)
    assert "over its limit" in run_once(finding, None, None, parents).detail


@pytest.mark.parametrize("detach", [False, True])
def test_what_a_forked_program_leaves_running_is_killed(
    make: Callable[..., Finding], parents: Parents, tmp_path: Path, detach: bool
) -> None:
    pid = tmp_path / "pid"
    body = (
        "import subprocess, sys, pathlib\n"
        "sleeps = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        f"child = subprocess.Popen(sleeps, start_new_session={detach})\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(child.pid))\n"
    )
    result = run_finding(make(body + OK), HERE, parents=parents)
    assert result.verdict is Verdict.BROKEN
    assert "left processes running" in result.judgement.message
    assert not alive(int(pid.read_text()))


#: The keeper above a forked program is a fork of the parent too, so it bears the parent's command line.
WAS_FORKED = """
import os
with open(f"/proc/{os.getppid()}/cmdline", "rb") as above:
    was_forked = b"--parent" in above.read().split(b"\\0")
"""


def counting(tmp_path: Path) -> str:
    """Leave a line for each run that tells whether it was forked from a parent."""
    return f"{WAS_FORKED}with open({str(tmp_path / 'runs')!r}, 'a') as runs:\n    print(was_forked, file=runs)\n"


def runs(tmp_path: Path) -> list[bool]:
    """Return for each run whether it was forked."""
    return [line == "True" for line in (tmp_path / "runs").read_text().split()]


def test_what_is_as_documented_runs_once_and_forked(
    make: Callable[..., Finding], parents: Parents, tmp_path: Path
) -> None:
    finding = make(counting(tmp_path) + WRONG_GRADIENT, expect=documented("wrong-gradient"))
    assert run_finding(finding, HERE, parents=parents).verdict is Verdict.BITES
    assert runs(tmp_path) == [True]


@pytest.mark.parametrize("rows", [documented("ok"), documented("crash"), []])
def test_what_is_not_as_documented_runs_again_by_itself_before_it_is_told(
    make: Callable[..., Finding], parents: Parents, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    finding = make(counting(tmp_path) + WRONG_GRADIENT, expect=rows)
    assert run_finding(finding, HERE, parents=parents).verdict is Verdict.CHANGED
    assert runs(tmp_path) == [True, False]


def test_what_only_the_forked_start_shows_is_never_told(
    make: Callable[..., Finding], parents: Parents, tmp_path: Path
) -> None:
    body = f"{WAS_FORKED}if was_forked:\n    os.abort()\n"
    assert run_finding(make(body + OK), HERE, parents=parents).verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    ("body", "table", "where"),
    [
        pytest.param("", {"alone": True}, HERE, id="says_so"),
        pytest.param("", {"repeats": 2}, HERE, id="repeats"),
        pytest.param("", {"expect": documented("hang", "ok")}, HERE, id="may_hang"),
        pytest.param("", {"expect": documented("nondeterministic", "ok")}, HERE, id="varies"),
        pytest.param("", {}, environment(gpus=(Gpu("a GPU", "1", "1 MiB"),)), id="sees_a_gpu"),
        pytest.param("import os\nos.environ['X'] = '1'\nimport numpy.linalg\n", {}, HERE, id="sets_variables_first"),
    ],
)
def test_what_depends_on_how_a_process_starts_runs_by_itself(
    make: Callable[..., Finding],
    parents: Parents,
    tmp_path: Path,
    body: str,
    table: dict[str, Any],
    where: Environment,
) -> None:
    result = run_finding(make(body + counting(tmp_path) + OK, **table), where, parents=parents)
    assert result.verdict in (Verdict.CLEAR, Verdict.BITES)
    assert set(runs(tmp_path)) == {False}


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import numpy", ("numpy",)),
        ("'''words'''\nimport json\nimport numpy as np\nfrom jax import numpy as jnp", ("numpy", "jax")),
        ("import os\nos.environ['A'] = 'b'\nimport jax", None),
        ("import jax\njax.config.update('jax_enable_x64', True)\nimport numpy", None),
        ("import jax\nx = 1\nimport json", ("jax",)),
        ("import jax.numpy as jnp, json", ("jax",)),
        ("import json", ()),
        ("def f():\n    import jax", ()),
    ],
)
def test_packages_are_imported_ahead_only_where_nothing_stands_before_them(
    source: str, packages: tuple[str, ...] | None
) -> None:
    assert imported_packages(ast.parse(source)) == packages


def test_a_package_that_does_not_import_is_upstreams_news_all_the_same(
    tmp_path: Path, parents: Parents, caplog: pytest.LogCaptureFixture
) -> None:
    file = write_finding(
        tmp_path / "findings", "x", "import breaks\n" + OK, expect=documented("error", match="its own")
    )
    (file.parent / "breaks.py").write_text("raise OSError('its own words')\n")
    finding = load_finding(file)
    for _ in range(2):
        assert run_finding(finding, HERE, parents=parents).verdict is Verdict.BITES
    assert caplog.text.count("its own words") == 1, "and that no process could be forked is said once"


def test_a_parent_that_has_died_is_no_verdict(make: Callable[..., Finding], parents: Parents, tmp_path: Path) -> None:
    finding = make(counting(tmp_path) + OK)
    # Findings that ran earlier in this process have parents of their own.
    before = set(psutil.Process().children())
    run_finding(finding, HERE, parents=parents)
    (parent,) = [each for each in psutil.Process().children() if each not in before and "--parent" in each.cmdline()]
    parent.kill()
    psutil.wait_procs([parent], timeout=10)
    assert run_finding(finding, HERE, parents=parents).verdict is Verdict.CLEAR
    assert runs(tmp_path)[-1] is False


def test_a_stopped_run_kills_the_forked_program(make: Callable[..., Finding], parents: Parents, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    finding = make(f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    stop = threading.Event()

    def set_when_running() -> None:
        deadline = time.monotonic() + 60
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        stop.set()

    watcher = threading.Thread(target=set_when_running)
    watcher.start()
    with pytest.raises(InterruptedRunError):
        run_finding(finding, HERE, parents=parents, stop=stop)
    watcher.join()
    assert not alive(int(pid.read_text()))


def test_nothing_is_left_when_the_parents_are_closed(make: Callable[..., Finding]) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with Parents() as parents:
        for slug in ("a", "b"):
            run_finding(make(OK, slug=slug), HERE, parents=parents)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_a_killed_run_takes_parents_and_children_along(make: Callable[..., Finding], tmp_path: Path) -> None:
    """SIGKILL cannot be caught: the kernel closes the socket that the parents listen to."""
    pid = tmp_path / "pid"
    finding = make(
        f"import os, time\nopen({str(pid)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\ntime.sleep(600)"
    )
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from sharpbits.catalogue import Parents, load_finding\nfrom sharpbits.catalogue.runner import run_once\n"
        f"with Parents() as parents:\n    run_once(load_finding(Path({str(finding.path)!r})), None, None, parents)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as program:
        deadline = time.monotonic() + 60
        while not (pid.exists() and len(pid.read_text().split()) == 2) and time.monotonic() < deadline:
            time.sleep(0.02)
        program.send_signal(signal.SIGKILL)
    left = [int(text) for text in pid.read_text().split()]
    assert len(left) == 2
    deadline = time.monotonic() + 10
    while any(map(alive, left)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, left))


def test_without_a_parent_to_be_had_a_fork_is_refused_in_words(make: Callable[..., Finding], parents: Parents) -> None:
    finding = make(OK)
    assert forkable(finding, HERE)
    with pytest.raises(ForkRefusedError, match="no-such-python"):
        parents.run(
            finding,
            Path("/no-such-python"),
            cwd=finding.path.parent,
            variables=dict(os.environ),
            limits=Limits(seconds=10, memory=1 << 30),
        )
