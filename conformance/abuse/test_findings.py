"""A finding's output and a finding's metadata, mutated: a right answer, or one line that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from abuse.drive import amounts, drive, refusal
from abuse.texts import mutated, toml
from catalogue.toys import OK, WRONG_GRADIENT, documented, environment, write_finding
from sharpbits.catalogue import (
    Finding,
    FindingFileError,
    Observation,
    Outcome,
    Result,
    Verdict,
    default_folder,
    discover,
    judge,
    load_finding,
)
from sharpbits.catalogue.process import ProcessEnd
from sharpbits.catalogue.reported import MalfunctionError
from sharpbits.catalogue.staleness import stale_parts
from sharpbits.report.junit import as_junit
from sharpbits.report.machine import as_json
from timetravel.damage import damaged

HERE = environment(packages={"jax": "0.7.1", "numpy": "2.2.0", "pennylane-catalyst": "0.15.0", "torch": "2.13.0"})
SOUND = {"outcome": "wrong-value", "observed": [0.5], "expected": [1.0], "error": 0.5, "tolerance": 1e-9, "detail": "d"}
TRACEBACK = """Traceback (most recent call last):
  File "finding.py", line 3, in <module>
    import package
  File "/site-packages/package/__init__.py", line 9, in <module>
catalyst.utils.exceptions.CompileError: catalyst failed with error code -6: LLVM ERROR
note
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "finding.py", line 2, in <module>
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: a
    +---------------- 2 ----------------
    | TypeError: t
    +------------------------------------
"""
SYNTAX = '  File "finding.py", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax\n'


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    rows = documented("error", "crash", "wrong-value", match="a+b|CompileError")
    return load_finding(write_finding(tmp_path_factory.mktemp("findings"), "finding", expect=rows))


@st.composite
def results(draw: st.DrawFn) -> str:
    """The last line of stdout as JSON, some part of it damaged."""
    return json.dumps(damaged(draw(st.data()), SOUND))


ends = st.builds(
    ProcessEnd,
    returncode=st.sampled_from([0, 0, 0, 0, 1, 1, 2, 255, -6, -9, -11, -34, -64, -999]),
    stdout=results() | mutated([json.dumps(SOUND) + "\n", "a line\n" + json.dumps(SOUND) + "\n\n"]),
    stderr=mutated([TRACEBACK, GROUP, TRACEBACK + GROUP, GROUP + TRACEBACK, SYNTAX, ""]),
    seconds=st.just(0.5),
    peak_memory=st.just(1 << 20),
    over_time=st.sampled_from([False] * 9 + [True]),
    over_memory=st.sampled_from([False] * 9 + [True]),
    over_output=st.sampled_from([False] * 9 + [True]),
    left_behind=st.sampled_from([()] * 9 + [("sleep (1)",)]),
)


def reported(finding: Finding, observation: Observation) -> None:
    """Write what was seen in every report that is made of it."""
    result = Result(finding, judge(finding, HERE, [observation]), (observation,))
    document = json.loads(as_json([result], HERE))
    assert document["findings"][0]["verdict"] == result.verdict
    as_junit([result], HERE).encode()


@amounts
def test_whatever_a_finding_prints_and_however_it_ends_is_an_observation_or_refusal(
    finding: Finding, amount: int
) -> None:
    def rule(end: ProcessEnd) -> bool:
        try:
            seen = Observation.from_dict(json.loads(json.dumps(observe_both(end), allow_nan=False)))
        except MalfunctionError as problem:
            return refusal(str(problem))
        assert len(seen.detail.splitlines()) <= 1
        if seen.outcome in (Outcome.ERROR, Outcome.COMPILE_ERROR):
            assert end.returncode > 0
        if seen.outcome is Outcome.OK:
            assert end.returncode == 0
            assert isinstance(seen.error, int | float)
            assert seen.tolerance is not None
            assert seen.error <= seen.tolerance
        reported(finding, seen)
        return True

    drive(amount, ends, rule)


def observe_both(end: ProcessEnd) -> dict[str, Any]:
    """Observe with the finding's own file and without: the latter knows of no mistake of its own."""
    from sharpbits.catalogue.observation import observe

    try:
        return observe(end, Path("finding.py")).as_dict()
    except MalfunctionError:
        try:
            observe(end)
        except MalfunctionError as problem:
            refusal(str(problem))
        raise


TABLE: dict[str, Any] = {
    "title": "t",
    "component": "toy",
    "family": "f",
    "summary": "s",
    "oracle": "o",
    "upstream": ["https://example.org/1"],
    "instead": "sharpbits.files.shown_path",
    "workaround": "w",
    "see": ["toy/other"],
    "requires": ["gpu", "devices>=2", "package:jax"],
    "repeats": 2,
    "timeout_s": 1.5,
    "memory_mib": 128,
    "alone": True,
    "expect": [
        {"when": ["jax>=0.6,<0.8", "python>=3.11"], "outcome": ["ok", "error"], "seen": ["0.7.1"], "match": "a+b"},
        {"when": "python>=3.11", "outcome": "ok", "seen": "3.11.0", "where": ["cores<2"], "machines": ["EPYC"]},
    ],
}


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A finding whose metadata is some part of a sound table, damaged."""
    made = damaged(draw(st.data()), {"dependencies": ["jax>=0.6"], "requires-python": ">=3.11", "sharpbits": TABLE})
    table = made.pop("sharpbits", {}) if isinstance(made, dict) else made
    outer = made if isinstance(made, dict) else {}
    lines = [f"{json.dumps(key)} = {toml(value)}" for key, value in outer.items()] + ["[tool.sharpbits]"]
    lines += [f"{json.dumps(key)} = {toml(value)}" for key, value in table.items()] if isinstance(table, dict) else []
    return "\n".join(["# /// script", *(f"# {line}" for line in lines), "# ///", OK])


@amounts
def test_whatever_a_finding_file_holds_it_is_a_finding_or_refusal_with_its_place(tmp_path: Path, amount: int) -> None:
    shipped = [finding.path.read_text() for finding in discover([default_folder()]).findings[::9]]
    path = write_finding(tmp_path, "mutated", WRONG_GRADIENT)
    sources = blocks() | mutated([path.read_text(), *shipped])
    lines: list[tuple[int, int]] = []
    outcomes = [Observation(outcome, "d", 1.0, 0, text="a" * 50) for outcome in (Outcome.OK, Outcome.ERROR)]

    def rule(source: str) -> bool:
        path.write_bytes(source.encode("utf-8", "surrogateescape" if source.isascii() else "surrogatepass"))
        try:
            finding = load_finding(path)
        except FindingFileError as error:
            lines.append((error.line, source.count("\n") + 1))
            return refusal(error.why, error.resolution)
        assert finding.id == "toy/mutated"
        refusal(*stale_parts(finding, {finding.id}))
        for seen in outcomes:
            assert judge(finding, HERE, [seen]).verdict in Verdict
            reported(finding, seen)
        return True

    drive(amount, sources, rule)
    assert all(1 <= line <= last for line, last in lines)
