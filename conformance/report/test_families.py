"""Families: findings of one cause take one line, and nothing that is news hides behind another."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import documented, write_finding
from report.test_table import printed, table
from report.toy_runs import HERE, Run, result, seen
from sharpbits.catalogue import Catalogue, Finding, FindingFileError, Judgement, Outcome, Result, Verdict, load_finding
from sharpbits.catalogue.judgement import NOT_THIS_MACHINE
from sharpbits.report.machine import as_json
from sharpbits.report.ordering import folded, unfolded, worst_first


def bite(folder: Path, slug: str, outcome: str, family: str | None = "one_cause") -> Result:
    return result(folder, slug, seen(outcome), expect=documented(outcome), family=family)


@pytest.fixture
def family(folder: Path) -> Run:
    """Three that bite, two that are clear, one that changed and one that cannot run, all of one family; and a loner."""
    return Run(
        [
            bite(folder, "a_loud", "error"),
            bite(folder, "b_silent", "wrong-gradient"),
            bite(folder, "c_crash", "crash"),
            bite(folder, "d_fine", "ok"),
            bite(folder, "e_fine", "ok"),
            result(folder, "f_news", seen("crash"), family="one_cause"),
            result(folder, "g_absent", family="one_cause", requires=["package:no-such-package"]),
            bite(folder, "h_alone", "error", family=None),
        ]
    )


def test_a_family_is_one_line_that_its_worst_face_leads(family: Run) -> None:
    lines = folded(family.results)
    told = [(line.lead.finding.path.stem, [one.finding.path.stem for one in line.others]) for line in lines]
    assert told == [
        ("f_news", []),
        ("b_silent", ["c_crash", "a_loud"]),
        ("h_alone", []),
        ("d_fine", ["e_fine"]),
        ("g_absent", []),
    ]


def test_a_line_says_how_many_faces_stand_behind_it(family: Run) -> None:
    lines = table(printed(family))
    assert len(lines) == 5
    assert "what b_silent shows (+2 faces)" in lines[1]
    assert "what d_fine shows (+1 face)" in lines[3]
    assert sum("face" in line for line in lines) == 2


def test_the_counts_are_of_findings_folded_or_not(family: Run) -> None:
    assert printed(family)[-1] == printed(family, every=True)[-1]
    assert printed(family)[-1].startswith("4 bites · 2 clear · 1 changed · 1 not applicable")


def test_all_prints_every_finding(family: Run) -> None:
    text = "\n".join(table(printed(family, every=True)))
    assert all(f"what {one.finding.path.stem} shows" in text for one in family.results if one.observations)
    assert "face" not in text
    assert [line.lead for line in unfolded(family.results)] == worst_first(family.results)


def test_families_of_different_names_are_not_mixed(folder: Path) -> None:
    results = [bite(folder, "a", "error", "one"), bite(folder, "b", "error", "other")]
    assert [line.others for line in folded(results)] == [(), ()]


def test_what_no_row_documents_for_this_machine_is_not_folded(folder: Path) -> None:
    one, other = bite(folder, "a", "error"), bite(folder, "b", "error")
    elsewhere = dataclasses.replace(one, judgement=dataclasses.replace(one.judgement, message=NOT_THIS_MACHINE))
    assert [line.others for line in folded([elsewhere, other])] == [(), ()]


verdicts = st.sampled_from(list(Verdict))
outcomes = st.sampled_from(list(Outcome))
families = st.sampled_from([None, "one", "other"])
messages = st.sampled_from(["", NOT_THIS_MACHINE])


@given(st.lists(st.tuples(verdicts, outcomes, families, messages), max_size=12))
def test_folding_loses_no_finding_and_hides_no_news(example: Finding, drawn: list[tuple[Any, ...]]) -> None:
    results = []
    for number, (verdict, outcome, family, message) in enumerate(drawn):
        named = dataclasses.replace(
            example, id=f"toy/n{number}", table=example.table.model_copy(update={"family": family})
        )
        judgement = Judgement(verdict, outcome, (), str(outcome), message)
        results.append(Result(named, judgement, (seen(str(outcome)),)))
    lines = folded(results)
    ordered = worst_first(results)
    assert sorted(one.finding.id for line in lines for one in (line.lead, *line.others)) == sorted(
        one.finding.id for one in results
    )
    positions = [ordered.index(line.lead) for line in lines]
    assert positions == sorted(positions)
    for line in lines:
        for other in line.others:
            assert ordered.index(line.lead) < ordered.index(other)
            assert other.verdict in (Verdict.BITES, Verdict.CLEAR)
            assert other.judgement.message != NOT_THIS_MACHINE
            assert (other.verdict, other.finding.table.family) == (line.lead.verdict, line.lead.finding.table.family)


def test_the_json_document_names_the_family_of_each_finding(family: Run) -> None:
    document = json.loads(as_json(family.results, HERE))
    assert len(document["findings"]) == len(family.results)
    told = {entry["id"]: entry["family"] for entry in document["findings"]}
    assert told["toy/b_silent"] == "one_cause"
    assert told["toy/h_alone"] is None


@pytest.mark.parametrize("name", ["", "With Capitals", "a/b", "a-b"])
def test_a_family_is_a_slug(folder: Path, name: str) -> None:
    with pytest.raises(FindingFileError, match="family"):
        load_finding(write_finding(folder, "one", family=name))


def test_the_other_faces_of_a_finding_are_those_of_its_family(folder: Path) -> None:
    names = {"a": "one", "b": "one", "c": "other", "d": None, "e": None}
    findings = [load_finding(write_finding(folder, slug, family=family)) for slug, family in names.items()]
    catalogue = Catalogue(tuple(findings), ())
    faces = {one.path.stem: [face.path.stem for face in catalogue.faces_of(one)] for one in findings}
    assert faces == {"a": ["b"], "b": ["a"], "c": [], "d": [], "e": []}
