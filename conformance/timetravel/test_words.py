"""What a search says: the right day, the script it ran, what it could not test, and a refusal before it begins."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import write_finding
from sharpbits.catalogue import Observation
from sharpbits.errors import UsageError
from sharpbits.timetravel.bisection import run_bisection
from sharpbits.timetravel.dates import cutoff, day_of, just_after
from sharpbits.timetravel.ends import UndecidedError
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.scripts import MOST_SHOWN, interpreted, texts
from sharpbits.timetravel.stack import Pin, Stack
from timetravel.local_index import LocalIndex
from timetravel.simulated import EPOCH, GOOD, laboratory, observation

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PERIOD = ["--since", "2025-02-01", "--until", "2025-12-15"]
GRADIENT = "import solver, sys\nsys.exit(solver.gradient(1.0) != 2.0)\n"
DAYS = History(
    tuple(Candidate(EPOCH + timedelta(days=day), Stack("3.11", "any", (Pin("p0", str(day)),))) for day in range(6)),
    ("p0",),
)


@given(day=st.dates(datetime(1971, 1, 1).date(), datetime(2090, 1, 1).date()))
def test_a_day_is_told_as_it_was_given(day: object) -> None:
    assert day_of(cutoff(str(day))) == str(day)


@given(second=st.integers(0, 86399), micro=st.integers(0, 999999))
def test_an_upload_is_told_as_its_own_day(second: int, micro: int) -> None:
    uploaded = datetime(2025, 7, 13, tzinfo=UTC) + timedelta(seconds=second, microseconds=micro)
    assert day_of(just_after(uploaded)) == "2025-07-13"


def test_a_search_and_its_report_tell_the_days_and_the_script(
    sharpbits: Run, index: LocalIndex, tmp_path: Path
) -> None:
    """late 2 is uploaded in the last second of 2025-07-13."""
    index.add("late", "1", "2025-01-02T12:00:00Z", "value = 0")
    index.add("late", "2", "2025-07-13T23:59:59Z", "value = 1")
    script = "import late, sys\n# a fence:\n# ```\nsys.exit(late.value)\n"
    (tmp_path / "check").write_text(script)
    ended = sharpbits("bisect", "--run", "python check", "--with", "late", *PERIOD, "--report", tmp_path / "r.md")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"first .*: stack of 2025-07-13 23:59 UTC", ended.stdout)
    assert "2 stacks from 2025-02-01 to 2025-07-13" in ended.stderr
    assert re.search(r"^ +\d+ +2025-02-01 +old", ended.stderr, re.MULTILINE)
    report = (tmp_path / "r.md").read_text()
    assert f"`check`:\n\n````\n{script}````" in report
    assert "2025-07-14" not in re.sub(r"late as of \S+", "", report)


def test_files_are_shown_up_to_a_size_and_only_where_they_are_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "run.py", "secrets.env", "out.txt"):
        Path(name).write_text("x = 1\n")
    Path("large.py").write_text("#" * (MOST_SHOWN + 1))
    Path("binary.py").write_bytes(b"\0\xff")
    line = "python3.11 plain secrets.env > out.txt && sh -c 'python run.py' && ./large.py; python binary.py nowhere.py"
    found = {script.name: script.text for script in texts(interpreted(line))}
    assert found == {"plain": "x = 1\n", "run.py": "x = 1\n", "large.py": None}


def test_where_the_ends_are_alike_it_says_that_newer_stacks_could_not_be_tested() -> None:
    def shows(stack: Stack) -> Observation | None:
        return None if stack.version("p0") in ("0", "4", "5") else GOOD

    with pytest.raises(UndecidedError) as caught:
        run_bisection(laboratory(shows), DAYS, old_end_given=True, confidence=0.99)
    assert "both ends show the same: ok and ok" in caught.value.why
    assert "2 newer stacks, up to 2025-01-05, could not be tested: cannot be built" in caught.value.why
    assert "1 older stack, from 2024-12-31, could not be tested" in caught.value.why
    with pytest.raises(UndecidedError, match="there is nothing to bisect") as caught:
        run_bisection(laboratory(shows), DAYS, old_end_given=False, confidence=0.99)
    assert "2 newer stacks" in caught.value.why


@pytest.mark.parametrize("old_end_given", [True, False])
def test_a_key_that_no_run_gives_is_refused_after_the_first_run(old_end_given: bool) -> None:
    lab = laboratory(lambda stack: observation(number=1.0), metric="seconds")
    with pytest.raises(UsageError, match="a number cannot be bisected") as caught:
        run_bisection(lab, DAYS, old_end_given=old_end_given, confidence=0.99)
    assert "observed" in caught.value.resolution
    assert lab.runs == 1


def test_a_number_that_is_none_is_not_counted() -> None:
    lab = laboratory(lambda stack: observation(number=float("nan")), metric="observed")
    with pytest.raises(UndecidedError, match="gave no number 'observed'"):
        run_bisection(lab, DAYS, old_end_given=True, confidence=0.99)


RUN = ["bisect", "--run", "true", "--with", "solver"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bisect", "no/such/test_it.py::test_it", "--with", "solver"], "there is no no/such/test_it.py"),
        ([*RUN, "--since", "0001-01-01"], "a date cannot be searched"),
        ([*RUN, "--until", "9999-12-31"], "a date cannot be searched"),
        ([*RUN, "--since", "9999-12-31T23:59-12:00"], "a date cannot be searched"),
        ([*RUN, "--confidence", "nan"], "--confidence is nan"),
        ([*RUN, "--confidence", "0.9999999999999999"], "--confidence is 0.9999999999999999"),
        ([*RUN, "--factor", "inf"], "--factor is inf"),
        ([*RUN, "--factor", "nan"], "--factor is nan"),
        ([*RUN, "--timeout", "nan"], "--timeout is nan"),
        ([*RUN, "--timeout", "inf"], "--timeout is inf"),
        ([*RUN, "--timeout", "0"], "--timeout is 0"),
        ([*RUN, "--timeout", "-1"], "--timeout is -1"),
        (["stack", "prune", "--keep-gib", "nan"], "--keep-gib is nan"),
        (["stack", "prune", "--keep-gib", "inf"], "--keep-gib is inf"),
        (["stack", "--at", "9999-12-31", "--with", "solver"], "a date cannot be searched"),
        (
            ["stack", "--release", "solver==1.4", "--with", "frontend", "--with", "solver<1.3"],
            "--release solver==1.4 and --with 'solver<1.3' exclude each other",
        ),
    ],
    ids=lambda value: "_".join(value[-2:]) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_refused_where_it_is_given(
    sharpbits: Run, index: LocalIndex, arguments: list[str], said: str
) -> None:
    asked = len(index.asked)
    ended = sharpbits(*arguments)
    assert ended.returncode == 2, ended.stdout
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(index.asked) == asked, "it asked the index first"


def test_a_requirement_that_allows_the_release_is_kept_with_its_extras(sharpbits: Run) -> None:
    ended = sharpbits("stack", "--release", "solver==1.2", "--with", "solver>=1.1", "--with", "frontend")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"solver +1\.2 ", ended.stdout)


def test_a_finding_without_the_key_stops_at_the_first_run_that_ends_well(sharpbits: Run, tmp_path: Path) -> None:
    result = {"outcome": "ok", "observed": 1.0, "expected": 1.0, "error": 0.0, "tolerance": 0.1}
    body = f"import json, solver\nprint(json.dumps({result}))\n"
    write_finding(tmp_path / "findings", "it", body, script={"dependencies": ["solver"]})
    ended = sharpbits("bisect", "it", "--findings", tmp_path / "findings", *PERIOD, "--metric", "seconds")
    assert ended.returncode == 2
    assert "gave no number 'seconds'" in ended.stderr
    probed = re.findall(r"^ +\d+ +2025.*$", ended.stderr, re.MULTILINE)
    assert len([line for line in probed if "fails while importing" not in line]) == 1, "the first that ran tells"
