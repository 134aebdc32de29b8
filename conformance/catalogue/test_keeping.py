"""Whatever sharpbits dies of, nothing that a run started lives on; oracle: the process table."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from catalogue.programs import killed_at_the_end, obeying_signals, wait_for
from catalogue.toys import OK, alive, command_line, private_cache, write_finding
from sharpbits.catalogue.process import Limits, run_isolated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel offers what it takes on Linux only")

ROOMY = Limits(seconds=60, memory=2 << 30)

#: Gets out of its session, its process tree and its variables, ignores what can be ignored, and writes down its pid.
DAEMON = """
import os, sys
def daemon(pid_file, then="time.sleep(600)"):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            code = (
                "import os, signal, sys, time\\n"
                "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\\n"
                f"open({pid_file!r} + '.new', 'w').write(str(os.getpid()))\\n"
                f"os.rename({pid_file!r} + '.new', {pid_file!r})\\n" + then
            )
            os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", code], {})
        os._exit(0)
    os.wait()
"""


def daemon_in(folder: Path, slug: str, *, imports: str = "") -> Path:
    """Write a finding that starts a daemon and goes on itself; return where both write down their pids."""
    pids = folder.parent / slug
    body = (
        f"{imports}{DAEMON}"
        f"daemon({str(pids) + '.daemon'!r})\n"
        f"open({str(pids) + '.own'!r}, 'w').write(str(os.getpid()))\n"
        "import time\ntime.sleep(600)\n"
    )
    write_finding(folder, slug, body)
    return pids


def written(pids: Path) -> list[int]:
    """Return the pids, once all are there."""
    files = [pids.with_suffix(".daemon"), pids.with_suffix(".own")]
    wait_for(lambda: all(file.exists() and file.read_text() for file in files))
    return [int(file.read_text()) for file in files]


def assert_none_lives(pids: Sequence[int], *, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in pids if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def everything_below(program: subprocess.Popen[str]) -> list[int]:
    return [process.pid for process in psutil.Process(program.pid).children(recursive=True)]


def start(command: Sequence[str], tmp_path: Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        obeying_signals(command),
        env={**os.environ, **private_cache(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
    )


@pytest.mark.parametrize("imports", ["", "import numpy\n"], ids=["as_python_file", "forked"])
def test_nothing_outlives_a_check_that_was_killed(tmp_path: Path, imports: str) -> None:
    pids = daemon_in(tmp_path / "findings", "escapes", imports=imports)
    program = start(command_line(["check", "--findings", tmp_path / "findings"]), tmp_path)
    with killed_at_the_end(program):
        started = written(pids) + everything_below(program)
        program.kill()
        program.wait()
        assert_none_lives(started)


def test_an_interpreter_that_gives_no_answer_ends_with_a_killed_check(tmp_path: Path) -> None:
    write_finding(tmp_path / "findings", "fine", OK)
    pid_file, python = tmp_path / "pid", tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 600\n")
    python.chmod(0o755)
    program = start(command_line(["check", "--findings", tmp_path / "findings", "--python", python]), tmp_path)
    with killed_at_the_end(program):
        wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        program.kill()
        program.wait(timeout=30)
        assert_none_lives([int(pid_file.read_text())])


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two_workers"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_pytest_that_was_ended(tmp_path: Path, workers: list[str], number: signal.Signals) -> None:
    folder = tmp_path / "findings"
    pids = [daemon_in(folder, slug) for slug in ("one", "two")[: len(workers) or 1]]
    (tmp_path / "pytest.ini").write_text("[pytest]\nsharpbits_findings = findings\n", encoding="utf-8")
    options = ["-p", "no:randomly", "-p", "no:cacheprovider", *workers]
    program = start([sys.executable, "-m", "pytest", "-c", "pytest.ini", *options], tmp_path, cwd=tmp_path)
    with killed_at_the_end(program):
        started = [pid for file in pids for pid in written(file)] + everything_below(program)
        of_xdist = [child.pid for child in psutil.Process(program.pid).children()] if workers else []
        program.send_signal(number)
        program.wait(timeout=30)
        assert_none_lives([pid for pid in started if pid not in of_xdist])
        # Its workers end by themselves, as soon as they see that pytest is gone: on a loaded machine after seconds.
        assert_none_lives(of_xdist, within=60.0)


def test_a_run_names_and_kills_what_left_its_session_its_tree_and_its_variables(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = tmp_path / "program.py"
    program.write_text(
        f"{DAEMON}daemon({str(pid)!r})\nimport time\nwhile not os.path.exists({str(pid)!r}): time.sleep(0.02)\n",
        encoding="utf-8",
    )
    end = run_isolated([sys.executable, program], cwd=tmp_path, variables=os.environ, limits=ROOMY)
    assert end.returncode == 0
    assert len(end.left_behind) == 1
    assert pid.read_text() in end.left_behind[0]
    assert not alive(int(pid.read_text()))


def test_a_program_that_kills_its_keeper_dies_with_it(tmp_path: Path) -> None:
    code = "import os, signal, time; print(os.getpid(), flush=True); os.kill(os.getppid(), 9); time.sleep(600)"
    end = run_isolated([sys.executable, "-c", code], cwd=tmp_path, variables=os.environ, limits=ROOMY)
    assert end.returncode == -signal.SIGKILL
    assert end.seconds < 30
    assert not alive(int(end.stdout))


def test_a_program_that_stops_its_keeper_ends_at_its_time_limit(tmp_path: Path) -> None:
    code = "import os, signal, time; print(os.getpid(), flush=True); os.kill(os.getppid(), 19); time.sleep(600)"
    limits = Limits(seconds=2, memory=2 << 30)
    end = run_isolated([sys.executable, "-c", code], cwd=tmp_path, variables=os.environ, limits=limits)
    assert end.over_time
    assert not alive(int(end.stdout))


@pytest.mark.parametrize(
    ("command", "number"), [("no-such-program", errno.ENOENT), ("/", errno.EACCES)], ids=["absent", "no_program"]
)
def test_a_program_that_cannot_be_started_raises_what_the_system_says(
    tmp_path: Path, command: str, number: int
) -> None:
    with pytest.raises(OSError, match=command) as raised:
        run_isolated([command], cwd=tmp_path, variables=os.environ, limits=ROOMY)
    assert raised.value.errno == number


def test_a_program_gets_the_variables_descriptors_and_signals_that_a_shell_gives(tmp_path: Path) -> None:
    # A C locale: an interpreter in between would add to the variables there.
    variables = {"PATH": os.environ["PATH"], "LANG": "C", "odd": "\udce9 = \n"}
    code = "env -0; ls /proc/self/fd | wc -l; grep -E 'Sig(Ign|Blk)' /proc/self/status"
    end = run_isolated(["bash", "-c", code], cwd=tmp_path, variables=variables, limits=ROOMY)
    own = subprocess.run(
        ["bash", "-c", code], cwd=tmp_path, env={**variables, "SHARPBITS_RUN": ""}, stdin=subprocess.DEVNULL,
        capture_output=True, check=True,
    ).stdout.decode(errors="replace")  # fmt: skip

    def without_mark(text: str) -> list[str]:
        return sorted(part for part in text.split("\0") if not part.startswith("SHARPBITS_RUN="))

    assert without_mark(end.stdout) == without_mark(own)


def test_a_keeper_costs_less_than_thirty_milliseconds_of_a_processor(tmp_path: Path) -> None:
    """Processor time, not time on the clock: the machine may have other work."""
    runs = 10
    before = os.times()
    for _ in range(runs):
        run_isolated(["true"], cwd=tmp_path, variables=os.environ, limits=ROOMY)
    after = os.times()
    spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    assert spent / runs < 0.03


def test_the_toy_that_says_ok_leaves_nothing(tmp_path: Path) -> None:
    """The control of the tests above: an ordinary finding is not held to have left anything."""
    path = write_finding(tmp_path / "findings", "fine", OK)
    assert run_isolated([sys.executable, path], cwd=tmp_path, variables=os.environ, limits=ROOMY).left_behind == ()
