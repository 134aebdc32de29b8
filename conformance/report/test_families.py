"""Families: findings of one cause take one line, and nothing that is news hides behind another."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import write_finding
from report.markup import Element, parse
from report.test_table import printed, table
from report.toy_runs import HERE, Run, bite, family_run, seen
from sharpbits.catalogue import Catalogue, Finding, FindingFileError, Judgement, Outcome, Result, Verdict, load_finding
from sharpbits.catalogue.judgement import NOT_THIS_MACHINE
from sharpbits.report.machine import as_json
from sharpbits.report.ordering import folded, unfolded, worst_first


@pytest.fixture
def family(folder: Path) -> Run:
    return family_run(folder)


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


def test_of_equally_bad_faces_the_one_that_the_family_is_named_after_leads(folder: Path) -> None:
    faces = [bite(folder, slug, "crash", "b_named") for slug in ("a", "b_named", "c")]
    (line,) = folded(faces)
    assert line.lead.finding.path.stem == "b_named"
    (line,) = folded([*faces, bite(folder, "worse", "wrong-value", "b_named")])
    assert line.lead.finding.path.stem == "worse"


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
messages = st.sampled_from(["", NOT_THIS_MACHINE, "jax is not installed"])


@given(st.lists(st.tuples(verdicts, outcomes, families, messages, st.booleans()), max_size=12))
def test_folding_loses_no_finding_and_hides_no_news(example: Finding, drawn: list[tuple[Any, ...]]) -> None:
    results = []
    for number, (verdict, outcome, family, message, ran) in enumerate(drawn):
        named = dataclasses.replace(
            example, id=f"toy/n{number}", table=example.table.model_copy(update={"family": family})
        )
        judgement = Judgement(verdict, outcome, (), str(outcome), message)
        results.append(Result(named, judgement, (seen(str(outcome)),) if ran else ()))
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
            assert other.verdict is line.lead.verdict
            if other.verdict is Verdict.NOT_APPLICABLE:
                assert not other.observations
                assert other.judgement.message == line.lead.judgement.message == line.kept_away
            else:
                assert other.verdict in (Verdict.BITES, Verdict.CLEAR)
                assert other.judgement.message != NOT_THIS_MACHINE
                assert other.finding.table.family == line.lead.finding.table.family
                assert not line.kept_away


def test_the_json_document_names_the_descendants_of_each_finding(family: Run) -> None:
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


# The page


def names(element: Element) -> list[str]:
    return [one.attributes["data-name"] for one in element.all("article")]


def test_the_page_puts_the_other_faces_below_the_worst(family: Run) -> None:
    page = parse(family.page())
    assert len(names(page)) == len(family.results)
    families = page.all("div", **{"class": "family"})
    assert [names(one) for one in families] == [
        ["toy/b_silent", "toy/c_crash", "toy/a_loud"],
        ["toy/d_fine", "toy/e_fine"],
    ]
    folded_away = [names(one.one("details", **{"class": "faces"})) for one in families]
    assert folded_away == [["toy/c_crash", "toy/a_loud"], ["toy/e_fine"]]
    assert "2 other faces of this cause of toy/b_silent" in " ".join(families[0].text.split())
    assert "1 other face of this cause of toy/d_fine" in " ".join(families[1].text.split())


def test_the_page_counts_findings_and_no_article_holds_another(family: Run) -> None:
    page = parse(family.page())
    assert "4 bites" in " ".join(page.one("ul", **{"aria-label": "Findings by verdict"}).text.split())
    assert page.one("p", id="shown").text == "8 of 8 findings shown, worst first"
    assert not any(one.all("article") for one in page.all("article"))


def test_a_finding_on_the_page_links_to_the_other_faces_of_its_family(family: Run) -> None:
    page = parse(family.page())
    links = [one.text for one in page.one("article", **{"data-name": "toy/f_news"}).all("a") if "/" in one.text]
    assert sorted(links) == [
        f"toy/{slug}" for slug in ("a_loud", "b_silent", "c_crash", "d_fine", "e_fine", "g_absent")
    ]
    alone = page.one("article", **{"data-name": "toy/h_alone"})
    assert "Other faces" not in alone.text


def test_summaries_of_families_are_told_apart(family: Run) -> None:
    texts = [" ".join(one.text.split()) for one in parse(family.page()).all("summary")]
    assert len(texts) == len(set(texts))
