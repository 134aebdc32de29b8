"""From the command line to the culprit: a real resolver, real environments, real packages, and no network."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import write_finding
from timetravel.conftest import environment
from timetravel.local_index import LocalIndex

Run = Callable[..., subprocess.CompletedProcess[str]]

BODY = """
import json
from frontend import gradient
observed, expected = gradient(3.0), 6.0
error = abs(observed - expected)
print(json.dumps({"outcome": "ok" if error == 0 else "wrong-gradient", "observed": observed, "expected": expected,
                  "error": error, "tolerance": 0.0}))
"""


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    """A finding that the index's history turns from right to wrong."""
    rows = [
        {"when": "solver<1.3", "outcome": ["ok"], "seen": ["1.2"]},
        {"when": "solver>=1.3", "outcome": ["wrong-gradient"], "seen": ["1.4"]},
    ]
    script = {"dependencies": ["frontend", "solver", "logger"]}
    write_finding(tmp_path / "findings", "wrong_gradient", BODY, script=script, expect=rows)
    return tmp_path / "findings"


def bisection(findings: Path, *more: str | Path) -> list[str | Path]:
    return ["bisect", "wrong_gradient", "--findings", findings, "--since", "2025-02-01", "--until", "2025-12-15", *more]


def test_the_release_and_the_package_that_brought_a_wrong_gradient_are_found(
    sharpbits: Run, findings: Path, tmp_path: Path
) -> None:
    """solver 1.3 was uploaded on 2025-07-13; frontend and logger moved in the same months and are innocent."""
    ended = sharpbits(*bisection(findings, "--report", tmp_path / "report.md"))
    assert ended.returncode == 0, ended.stderr
    assert "regression: toy/wrong_gradient" in ended.stdout
    assert (
        "culprit: solver 1.2 → 1.3 (it alone brings the change, and everything else without it does not)"
        in ended.stdout
    )
    assert "at most" in ended.stderr, "the plan stands before the search"
    report = (tmp_path / "report.md").read_text()
    for needed in ("solver 1.2 → 1.3", "wrong-gradient", "from frontend import gradient", "uv pip install"):
        assert needed in report
    assert "solver==1.2" in (tmp_path / "report.files" / "old.txt").read_text()
    assert "solver==1.3" in (tmp_path / "report.files" / "new.txt").read_text()


def test_the_commands_of_the_report_show_each_side(
    sharpbits: Run, findings: Path, tmp_path: Path, index: LocalIndex
) -> None:
    sharpbits(*bisection(findings, "--report", tmp_path / "report.md"))
    commands = re.findall(r"```sh\n(.*)\n```", (tmp_path / "report.md").read_text())
    outcomes = []
    for command in commands:
        variables = environment(tmp_path, index) | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        ended = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path / "report.files",
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        outcomes.append(json.loads(ended.stdout.splitlines()[-1])["outcome"])
    assert outcomes == ["ok", "wrong-gradient"]


def test_a_report_overwrites_nothing_of_the_users(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    mine = [tmp_path / name for name in ("wrong_gradient.py", "report.old.txt", "report.new.txt", "old.txt")]
    for file in mine:
        file.write_text("mine")
    report = tmp_path / "report.md"
    assert sharpbits(*bisection(findings, "--report", report)).returncode == 0
    again = sharpbits(*bisection(findings, "--report", report))
    assert again.returncode == 0, "the files of an earlier report are its own"
    assert [file.read_text() for file in mine] == ["mine"] * len(mine)
    (tmp_path / "report.files" / "thesis.txt").write_text("mine")
    refused = sharpbits(*bisection(findings, "--report", report))
    assert refused.returncode == 2
    assert "holds thesis.txt" in refused.stderr
    assert "probe" not in refused.stderr
    (tmp_path / "other.files").write_text("mine")
    assert "is no folder" in sharpbits(*bisection(findings, "--report", tmp_path / "other.md")).stderr
    assert (tmp_path / "other.files").read_text() == "mine"


def test_a_release_that_breaks_at_import_is_stepped_around(sharpbits: Run, findings: Path) -> None:
    """solver 1.5 cannot be imported: it is no wrong gradient, and not the turn."""
    ended = sharpbits(*bisection(findings), "--package", "solver")
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.2 → 1.3" in ended.stdout


def test_without_a_date_the_search_goes_back_by_itself(sharpbits: Run, findings: Path) -> None:
    ended = sharpbits("bisect", "wrong_gradient", "--findings", findings, "--until", "2025-12-15")
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.2 → 1.3" in ended.stdout


def test_a_killed_search_resumes_and_runs_nothing_twice(
    sharpbits: Run, findings: Path, tmp_path: Path, index: LocalIndex
) -> None:
    state = tmp_path / "state.json"
    arguments = [*bisection(findings, "--state", state)]
    running = subprocess.Popen(
        [sys.executable, "-m", "sharpbits.cli", *map(str, arguments)],
        env=environment(tmp_path, index),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not state.exists() or '"outcome"' not in state.read_text()):
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    before = json.loads(state.read_text())["draws"]
    assert before, "nothing was kept"
    ended = sharpbits(*arguments, "--resume")
    assert ended.returncode == 0, ended.stderr
    after = json.loads(state.read_text())["draws"]
    assert all(after[digest] == draws for digest, draws in before.items())
    # The two stacks at the turn are run four times more, and every other once.
    assert [len(draws) for draws in after.values() if len(draws) != 1] == [5, 5]
    assert "solver 1.2 → 1.3" in ended.stdout


def test_any_command_can_be_bisected_and_says_what_cannot_be_tested(sharpbits: Run, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import solver, sys\nsys.exit(solver.gradient(1.0) != 2.0)\n")
    arguments = ["--with", "solver", "--since", "2025-02-01", "--until", "2025-12-15"]
    ended = sharpbits("bisect", "--run", "python script.py", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.2 → 1.3" in ended.stdout
    # The newest stack fails otherwise: what is told is what the stack at the turn shows.
    assert "first  error (exit status 1 without a traceback): stack of 2025-07-13" in ended.stdout


@pytest.mark.parametrize(
    "text",
    [
        "import solver; assert solver.gradient(1.0) == 2.0\n",
        "import solver\nfrom solver import gradient; assert gradient(1.0) == 2.0\n",
        "import sys, solver\nif solver.gradient(1.0) != 2.0:\n    import no_such_module\n",
        "import random, solver\nassert solver.gradient(1.0) == 2.0, ''.join(random.choices('abcdefgh', k=9))\n",
        "import random, sys, solver\nsys.exit(solver.gradient(1.0) != 2.0 and random.randrange(1, 100))\n",
    ],
    ids=["assertion-behind-an-import", "twice", "import-error-is-the-failure", "another-text-each-time", "any-status"],
)
def test_a_commands_exit_status_decides_whatever_its_failure_looks_like(
    sharpbits: Run, tmp_path: Path, text: str
) -> None:
    (tmp_path / "script.py").write_text(text)
    arguments = ["--with", "solver", "--since", "2025-02-01", "--until", "2025-12-15", "--repeats", "3"]
    ended = sharpbits("bisect", "--run", "python script.py", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "regression: python script.py" in ended.stdout
    assert "solver 1.2 → 1.3" in ended.stdout


def test_a_coin_has_no_culprit_and_the_exit_status_says_so(sharpbits: Run, tmp_path: Path) -> None:
    """Every other run fails, whatever is installed: an end never shows one thing only."""
    (tmp_path / "script.py").write_text(
        "import pathlib, sys\nfile = pathlib.Path('count')\ncount = int(file.read_text()) if file.exists() else 0\n"
        "file.write_text(str(count + 1))\nsys.exit(count % 2)\n"
    )
    arguments = ["--with", "solver", "--since", "2025-02-01", "--until", "2025-12-15"]
    ended = sharpbits("bisect", "--run", "python script.py", *arguments)
    assert ended.returncode == 1, ended.stderr
    assert "it varies, and no turn can be told" in ended.stderr
    assert "searching once more, with 30 runs at each end" in ended.stderr
    assert "culprit" not in ended.stdout


def test_an_import_that_fails_is_a_failure_of_the_command(sharpbits: Run, tmp_path: Path) -> None:
    """solver 1.5, of November, cannot be imported: for a script that is about just this it is the turn."""
    arguments = ["--with", "solver", "--since", "2025-10-01", "--until", "2025-11-30"]
    ended = sharpbits("bisect", "--run", 'python -c "import solver"', *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.4 → 1.5" in ended.stdout
    assert "No module named" in ended.stdout
    spared = sharpbits("bisect", "--run", 'python -c "import solver" || exit 125', *arguments)
    assert spared.returncode == 2
    assert "exit status 125" in spared.stderr


def test_a_number_can_be_bisected(sharpbits: Run, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import json, os, solver\nnoise = 1 + os.getpid() % 100 / 1e4\n"
        "print(json.dumps({'seconds': noise * solver.gradient(1.0)}))\n"
    )
    arguments = ["--with", "solver", "--since", "2025-02-01", "--until", "2025-12-15", "--metric", "seconds"]
    ended = sharpbits("bisect", "--run", "python script.py", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.2 → 1.3" in ended.stdout


def test_a_test_can_be_bisected_by_its_id(sharpbits: Run, tmp_path: Path, index: LocalIndex) -> None:
    """pytest itself is not in this index: it comes from a folder, where a stand-in of that name runs the test."""
    (tmp_path / "test_it.py").write_text("def test_it():\n    import solver\n    assert solver.gradient(1.0) == 2.0\n")
    runner = (
        "import runpy, sys, traceback\n"
        "if __name__ == '__main__':\n"
        "    path, name = sys.argv[-1].split('::')\n"
        "    try:\n        runpy.run_path(path)[name]()\n"
        "    except Exception:\n        traceback.print_exc(file=sys.stdout)\n        sys.exit(1)\n"
    )
    index.add("pytest", "9.0", "2024-01-01T00:00:00Z", runner)
    arguments = ["--with", "solver", "--since", "2025-02-01", "--until", "2025-12-15"]
    ended = sharpbits("bisect", "test_it.py::test_it", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert "ok" in ended.stdout
    assert "AssertionError" in ended.stdout
    assert "solver 1.2 → 1.3" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bisect"], "it takes a finding or test, or --run"),
        (["bisect", "--run", "true"], "does not say which packages it needs"),
        (["bisect", "--run", "true", "--with", "solver", "--since", "yesterday"], "a date cannot be read"),
        (["bisect", "--run", "true", "--with", "solver", "--since", "2025-12-01", "--until", "2025-01-01"], "is empty"),
        (["bisect", "--run", "true", "--with", "so lver"], "a requirement cannot be read"),
        (["bisect", "--run", "true", "--with", "solver", "--resume"], "there is no search to resume"),
        (["bisect", "--run", "true", "--with", "solver", "--package", "numpy"], "a package cannot be followed"),
        (["bisect", "--run", "true", "--with", "solver", "--confidence", "2"], "--confidence is 2"),
        (["bisect", "--run", "true", "--with", "unknown"], "unknown"),
        (["bisect", "--run", "true", "--with", "solver", "--report", "no/such/folder.md"], "does not exist"),
        (["bisect", "--run", "true", "--with", "solver", "--since", "2025-02-01"], "both ends show the same"),
    ],
    ids=lambda value: "_".join(value[-2:]) if isinstance(value, list) else "",
)
def test_a_request_that_cannot_be_met_is_refused_with_its_reason(
    sharpbits: Run, arguments: list[str], said: str
) -> None:
    ended = sharpbits(*arguments)
    assert ended.returncode == 2, ended.stdout
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_stack_of_a_date_contains_what_was_uploaded_before_its_end_and_nothing_later(
    sharpbits: Run, tmp_path: Path
) -> None:
    lock = tmp_path / "lock.txt"
    ended = sharpbits("stack", "--at", "2025-05-05", "--with", "frontend", "-o", lock)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"frontend +0\.5 +2025-05-05", ended.stdout)
    assert "solver==1.1" in lock.read_text()
    again = sharpbits("stack", "--file", lock)
    assert again.returncode == 0
    assert re.search(r"solver +1\.1 ", again.stdout)


def test_a_stack_of_a_release_is_one_of_its_days(sharpbits: Run) -> None:
    ended = sharpbits("stack", "--release", "frontend==0.5", "--with", "frontend", "--with", "logger")
    assert re.search(r"frontend +0\.5 ", ended.stdout), ended.stderr
    assert re.search(r"logger +3\.[45] ", ended.stdout)


def test_pre_releases_are_taken_on_request_only(sharpbits: Run) -> None:
    arguments = ["stack", "--at", "2025-12-31", "--with", "frontend"]
    assert re.search(r"frontend +0\.12 ", sharpbits(*arguments).stdout)
    assert re.search(r"frontend +1\.0\.dev1 +2025-12-24", sharpbits(*arguments, "--pre", "frontend").stdout)
    assert re.search(r"frontend +1\.0\.dev1 ", sharpbits(*arguments, "--pre", "all").stdout)


def test_what_uv_says_is_told_when_a_stack_cannot_be_resolved(sharpbits: Run) -> None:
    ended = sharpbits("stack", "--at", "2025-12-31", "--with", "frontend", "--with", "solver<1")
    assert ended.returncode == 2
    assert "solver<1" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("when", [[], ["--latest", "--at", "2025-01-01"], ["--release", "frontend>=1"]])
def test_it_must_be_clear_which_stack_is_meant(sharpbits: Run, when: list[str]) -> None:
    ended = sharpbits("stack", "--with", "frontend", *when)
    assert ended.returncode == 2
    assert "resolution:" in ended.stderr
