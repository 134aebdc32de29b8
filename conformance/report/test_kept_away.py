"""What one absent package keeps away is told once: a line of the table, a fold of the page; programs get them all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml

from report.markup import parse
from report.test_families import names
from report.test_table import printed, table
from report.toy_runs import HERE, Run, kept_away_run
from sharpbits.report.junit import as_junit
from sharpbits.report.machine import as_json
from sharpbits.report.ordering import folded

REASON = "no-such-package is not installed"


@pytest.fixture
def run(folder: Path) -> Run:
    return kept_away_run(folder)


def test_findings_that_one_reason_keeps_away_are_one_line(run: Run) -> None:
    told = {line.kept_away: [one.finding.id for one in line.results] for line in folded(run.results) if line.kept_away}
    assert told == {REASON: ["other/c_absent", "toy/a_absent", "toy/b_absent"]}


def test_the_line_says_how_many_and_why(run: Run) -> None:
    lines = [line.split() for line in table(printed(run)) if line.startswith("not applicable")]
    assert ["not", "applicable", "3", "findings", "not", "run", *REASON.split()] in lines
    assert len(lines) == 3, "a finding kept away alone has a line of its own, and so has one that ran"


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_line_names_no_component_whatever_the_width(run: Run, width: int) -> None:
    (line,) = [line for line in printed(run, width=width) if "3 findings" in line]
    assert "/3" not in line


def test_all_gives_each_its_line(run: Run) -> None:
    text = "\n".join(printed(run, every=True))
    assert all(one.finding.path.stem in text for one in run.results)
    assert "3 findings" not in text


def test_the_counts_are_of_findings(run: Run) -> None:
    assert printed(run)[-1] == printed(run, every=True)[-1]
    assert "5 not applicable" in printed(run)[-1]


def test_programs_get_every_finding(run: Run) -> None:
    document = json.loads(as_json(run.results, HERE))
    ids = {one.finding.id for one in run.results}
    assert {entry["id"] for entry in document["findings"]} == ids
    assert sum(entry["message"] == REASON for entry in document["findings"]) >= 3
    suites = JUnitXml.fromstring(as_junit(run.results, HERE).encode())
    assert sum(suite.tests for suite in suites) == len(ids)


def test_the_page_folds_them_away_with_the_reason_in_the_open(run: Run) -> None:
    page = parse(run.page())
    fold = page.one("details", **{"class": "faces away"})
    assert names(fold) == ["other/c_absent", "toy/a_absent", "toy/b_absent"]
    assert f"3 findings cannot run here: {REASON}" in " ".join(fold.all("summary")[0].text.split())
    assert len(names(page)) == len(run.results)
    assert page.one("p", id="shown").text == f"{len(run.results)} of {len(run.results)} findings shown, worst first"
    assert not page.all("div", **{"class": "family"})
    assert "Findings of one cause" not in page.text
