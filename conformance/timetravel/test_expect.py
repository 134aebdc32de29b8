"""The rows that a matrix implies, cell by cell; oracle: the finding is loaded again and judged by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalogue.toys import OK, environment, write_finding
from sharpbits.catalogue import Finding, Observation, Outcome, Verdict, judge, load_finding
from sharpbits.catalogue.discovery import Catalogue
from sharpbits.catalogue.finding import finding_of
from sharpbits.errors import UsageError
from sharpbits.timetravel.matrix.document import matrix_of
from sharpbits.timetravel.matrix.expect import Proposal, propose
from sharpbits.timetravel.matrix.expect_command import run_expect
from timetravel.toy_matrix import cell, column, document, row

ROW = {"when": "jax>=0.1", "outcome": ["ok"], "seen": ["0.1"]}


@pytest.fixture
def finding(tmp_path: Path) -> Finding:
    return load_finding(write_finding(tmp_path / "findings", "a", OK, script={"dependencies": ["jax"]}, expect=[ROW]))


def stored(finding: Finding, *cells: dict[str, Any]) -> dict[str, Any]:
    """The document of a matrix with one row, on releases 0.1, 0.2, …"""
    releases = [column(f"0.{number}") for number in range(1, len(cells) + 1)]
    return document([row(finding.id, list(cells), digest=finding.digest)], releases, package="jax")


def proposed(finding: Finding, *cells: dict[str, Any]) -> Proposal:
    return propose(finding, matrix_of(stored(finding, *cells)))


def failed(**others: Any) -> dict[str, Any]:
    return cell(others.get("outcome", "crash"), **{"verdict": "changed", **others})


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (
            failed(tally={"crash": 3}, failures=["SIGABRT", "SIGSEGV"], signal="SIGABRT"),
            {"killed by SIGABRT": True, "killed by SIGSEGV": True, "killed by SIGILL": False},
        ),
        (
            failed(tally={"crash": 1, "error": 2}, failures=["ValueError", "SIGABRT"], signal="SIGABRT"),
            {"killed by SIGABRT": True, "ValueError: no": True, "TypeError: no": False},
        ),
        (
            failed(tally={"crash": 1, "error": 2}, failures=["", "SIGABRT"], signal="SIGABRT"),
            {"killed by SIGABRT": True, "exit status 3 without a traceback": True},
        ),
        (failed(signal="SIGABRT"), {"killed by SIGABRT": True, "killed by SIGSEGV": False}),
    ],
    ids=["two-signals", "signal-and-exception", "one-without-a-name", "older-matrix"],
)
def test_a_row_recognises_every_failure_that_the_runs_of_a_cell_had_and_no_other(
    finding: Finding, cells: dict[str, Any], texts: dict[str, bool]
) -> None:
    source = proposed(finding, cell("ok"), cells).source
    here = environment(packages={"jax": "0.2"})
    for text, fits in texts.items():
        outcome = Outcome.CRASH if "killed" in text else Outcome.ERROR
        judged = judge(finding_of(finding.path, source), here, [Observation(outcome, text, 1.0, 0, text=text)])
        assert (judged.verdict is Verdict.BITES) == fits, text


def test_a_documented_outcome_with_another_text_becomes_a_row_of_its_own(tmp_path: Path) -> None:
    crash = {"when": "jax>=0.1", "outcome": ["crash"], "match": "SIGABRT", "seen": ["0.1"]}
    path = write_finding(tmp_path, "b", OK, script={"dependencies": ["jax"]}, expect=[crash])
    finding = load_finding(path)
    as_it_was = cell("crash", signal="SIGABRT", failures=["SIGABRT"])
    otherwise = failed(signal="SIGSEGV", failures=["SIGSEGV"], documented=["crash"])
    rows = finding_of(path, proposed(finding, as_it_was, otherwise).source).table.expect
    assert [(str(one.when[0].specifier), one.match and one.match.pattern) for one in rows] == [
        ("<0.2,>=0.1", "SIGABRT"),
        (">=0.2", "SIGSEGV"),
    ]


def test_rows_that_speak_of_machines_are_left_to_a_person(tmp_path: Path) -> None:
    row = {**ROW, "where": ["avx2"], "machines": ["EPYC"]}
    finding = load_finding(write_finding(tmp_path, "c", OK, script={"dependencies": ["jax"]}, expect=[row]))
    left = proposed(finding, cell("ok"), failed(signal="SIGABRT"))
    assert left.source == finding.source
    assert "machines" in (left.left_alone or "")


def write_matrix(finding: Finding, path: Path) -> Path:
    path.write_text(matrix_of(stored(finding, cell("ok"), failed(signal="SIGABRT"))).as_json())
    return path


def test_rows_are_written_between_line_ends_that_stay_as_they_were(finding: Finding, tmp_path: Path) -> None:
    finding.path.write_bytes(finding.source.replace("\n", "\r\n").encode())
    update = write_matrix(finding, tmp_path / "matrix.json")
    assert run_expect(Catalogue((load_finding(finding.path),), ()), update, write=True) == 1
    written = finding.path.read_bytes()
    assert b"SIGABRT" in written
    assert written.count(b"\n") == written.count(b"\r\n")


def test_no_file_is_touched_where_one_of_them_cannot_be_written(tmp_path: Path) -> None:
    script: dict[str, Any] = {"dependencies": ["jax"]}
    first, second = (
        load_finding(write_finding(tmp_path / "findings", slug, OK, script=script, expect=[ROW])) for slug in "ab"
    )
    update = tmp_path / "matrix.json"
    whole = stored(first, cell("ok"), failed(signal="SIGABRT"))
    whole["rows"].append({**whole["rows"][0], "id": second.id, "digest": second.digest})
    update.write_text(matrix_of(whole).as_json())
    before = first.path.read_bytes()
    second.path.unlink()
    second.path.mkdir()
    with pytest.raises(UsageError, match="the rows cannot be written"):
        run_expect(Catalogue((first, second), ()), update, write=True)
    assert first.path.read_bytes() == before
