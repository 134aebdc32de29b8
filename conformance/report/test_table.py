"""The table on a terminal: in which order lines stand, what they say, and that they fit."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from catalogue.toys import documented
from report.toy_runs import Run, result, seen
from sharpbits.catalogue import Catalogue
from sharpbits.report.ordering import worst_first
from sharpbits.report.terminal import print_report


def printed(run: Run, width: int = 200, *, every: bool = False) -> list[str]:
    target = Console(file=io.StringIO(), width=width, highlight=False, emoji=False)
    print_report(target, run.results, run.environment, broken=run.broken, every=every)
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue().splitlines()


def table(lines: list[str]) -> list[str]:
    """Return the table's lines, without its heading."""
    first = next(number for number, line in enumerate(lines) if line.startswith("verdict"))
    # Between a verdict and what follows stand two blanks; a line below the table has one.
    return [line for line in lines[first + 1 : -1] if re.match(r"(bites|clear|changed|not applicable|broken)  ", line)]


# Order and counts


def test_what_makes_the_run_fail_stands_first_in_the_table(folder: Path) -> None:
    wrong = seen("wrong-gradient", observed=1.0, expected=0.0, error=1.0, tolerance=0.0)
    run = Run(
        [
            result(folder, "a_wrong", wrong, expect=documented("wrong-gradient")),
            result(folder, "b_changed", seen("ok", observed=0, expected=0, error=0, tolerance=0),
                   expect=documented("slow")),
            result(folder, "c_changed", seen("error", detail="no", exception="ValueError")),
        ]
    )  # fmt: skip
    assert [one.finding.path.stem for one in worst_first(run.results)] == ["c_changed", "b_changed", "a_wrong"]
    lines = table(printed(run))
    assert [line.split()[0] for line in lines[:3]] == ["changed", "changed", "bites"]


def test_a_broken_file_and_a_broken_finding_lead_the_table(varied: Run) -> None:
    lines = table(printed(varied))
    assert [line.split()[0] for line in lines[:4]] == ["broken", "broken", "changed", "bites"]
    assert "unreadable.py is no finding: see line 7" in lines[0]
    assert "mend it" in lines[0]
    assert "tells nothing: what malfunctions shows" in lines[1]
    assert "mend its file, see below" in lines[1]


@pytest.mark.parametrize(
    ("outcome", "documents", "said"),
    [
        ("ok", "crash", "no longer bites: what news shows"),
        ("crash", "ok", "bites now: what news shows"),
        ("crash", "slow", "bites otherwise: what news shows"),
        ("crash", "crash", "otherwise than documented: what news shows"),
    ],
)
def test_a_changed_line_says_what_changed_and_what_to_do(folder: Path, outcome: str, documents: str, said: str) -> None:
    match = {"match": "SIGSEGV"} if documents == "crash" else {}
    news = result(folder, "news", seen(outcome, detail="SIGABRT"), expect=documented(documents, **match))
    (line,) = (line for line in table(printed(Run([news]))) if "what news" in line)
    assert said in line
    assert "--fresh" in line


def test_the_counts_stand_first_and_last(varied: Run) -> None:
    lines = printed(varied)
    assert lines[1] == lines[-1]
    assert lines[1] == "3 bites · 1 clear · 1 changed · 1 not applicable · 2 broken · 2 silently wrong"


# Names


@pytest.mark.parametrize(("width", "only"), [(200, "toy/only"), (80, "only")])
def test_a_line_names_its_finding_as_show_takes_it(folder: Path, width: int, only: str) -> None:
    results = [
        result(folder, "only", seen("ok"), title="something that is told in a good many words, to be read at leisure"),
        result(folder, "twice", seen("ok")),
        result(folder, "twice", seen("ok"), component="other"),
    ]
    names = [line.split()[1] for line in table(printed(Run(results), width))]
    assert names == ["other/twice", only, "toy/twice"], "by the slug alone where no other finding has it"
    findings = tuple(one.finding for one in results)
    assert [Catalogue(findings, ()).find(name).id for name in names] == ["other/twice", "toy/only", "toy/twice"]


def test_a_finding_takes_one_line_in_a_pipe(varied: Run) -> None:
    lines = printed(varied)
    assert all(len(line) <= 200 for line in lines if line.startswith(("bites  ", "clear  ")))
    assert sum("what wrong shows" in line for line in lines) == 1
