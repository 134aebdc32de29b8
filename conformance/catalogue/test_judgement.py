"""Verdicts: an observation held against the rows for the installed versions, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from catalogue.toys import documented, environment, write_finding
from sharpbits.catalogue import Finding, Observation, Outcome, Verdict, judge, load_finding, since

HERE = environment(packages={"jax": "0.7.1"})
SEEN_IN_A_RUN = [outcome for outcome in Outcome if outcome not in (Outcome.NOT_APPLICABLE, Outcome.NONDETERMINISTIC)]


def saw(outcome: Outcome | str, detail: str = "") -> Observation:
    return Observation(Outcome(outcome), detail, seconds=1.0, peak_memory=0)


def jax_row(when: str, *outcomes: str, **row: Any) -> dict[str, Any]:
    lowest = when.partition(">=")[2].partition(",")[0]
    return {"when": f"jax{when}", "outcome": list(outcomes), "seen": [lowest], **row}


@given(listed=st.sets(st.sampled_from(SEEN_IN_A_RUN), min_size=1), outcome=st.sampled_from(SEEN_IN_A_RUN))
def test_an_outcome_is_as_documented_exactly_when_the_row_lists_it(
    tmp_path_factory: pytest.TempPathFactory, listed: set[Outcome], outcome: Outcome
) -> None:
    folder = tmp_path_factory.mktemp("findings")
    finding = load_finding(write_finding(folder, "x", expect=documented(*map(str, sorted(listed)))))
    judgement = judge(finding, HERE, [saw(outcome)])
    # Oracle: the sentence of the design, as a table.
    if outcome not in listed:
        assert judgement.verdict is Verdict.CHANGED
    elif outcome is Outcome.OK:
        assert judgement.verdict is Verdict.CLEAR
    else:
        assert judgement.verdict is Verdict.BITES


@given(st.lists(st.integers(0, 30), min_size=2, max_size=2, unique=True).map(sorted), st.integers(0, 30))
def test_a_row_speaks_for_the_versions_in_its_range_and_for_no_others(
    tmp_path_factory: pytest.TempPathFactory, ends: list[int], installed: int
) -> None:
    low, high = ends
    row = jax_row(f">=0.{low},<0.{high}", "wrong-value")
    finding = load_finding(write_finding(tmp_path_factory.mktemp("findings"), "x", expect=[row]))
    here = environment(packages={"jax": f"0.{installed}"})
    expected = Verdict.BITES if low <= installed < high else Verdict.CHANGED
    assert judge(finding, here, [saw("wrong-value")]).verdict is expected


@pytest.mark.parametrize(("outcome", "verdict"), [("ok", Verdict.CLEAR), ("slow", Verdict.CHANGED)])
def test_versions_without_a_row_are_documented_as_ok(
    finding: Callable[..., Finding], outcome: str, verdict: Verdict
) -> None:
    old = finding(expect=[jax_row(">=0.1,<0.2", "slow")])
    assert judge(old, HERE, [saw(outcome)]).verdict is verdict


def test_a_development_release_belongs_to_the_open_range_before_it(finding: Callable[..., Finding]) -> None:
    both = finding(expect=[jax_row(">=0.6,<0.7", "ok"), jax_row(">=0.7", "wrong-value")])
    here = environment(packages={"jax": "0.8.0.dev1"})
    assert judge(both, here, [saw("wrong-value")]).verdict is Verdict.BITES


def test_all_conditions_of_a_row_must_hold(finding: Callable[..., Finding]) -> None:
    row = {"when": ["jax>=0.7", "numpy<2"], "outcome": "slow", "seen": ["0.7.1"]}
    needs_both = finding(expect=[row])
    old_numpy = environment(packages={"jax": "0.7.1", "numpy": "1.26.4"})
    new_numpy = environment(packages={"jax": "0.7.1", "numpy": "2.1"})
    assert judge(needs_both, old_numpy, [saw("slow")]).verdict is Verdict.BITES
    assert judge(needs_both, new_numpy, [saw("slow")]).verdict is Verdict.CHANGED
    assert judge(needs_both, HERE, [saw("slow")]).verdict is Verdict.CHANGED, "numpy is not even installed"


@pytest.mark.parametrize("outcome", ["error", "compile-error", "crash"])
def test_a_failure_must_show_the_documented_text(finding: Callable[..., Finding], outcome: str) -> None:
    row = finding(expect=documented(outcome, match=r"Enzyme.*deduce type"))
    assert judge(row, HERE, [saw(outcome, "CompileError: Enzyme: failed to deduce type")]).verdict is Verdict.BITES
    other = judge(row, HERE, [saw(outcome, "CompileError: out of registers")])
    assert other.verdict is Verdict.CHANGED
    assert "out of registers" in other.message
    assert "Enzyme" in other.message


@given(st.lists(st.sampled_from(["ok", "wrong-gradient", "crash"]), min_size=2, max_size=5))
def test_repeats_that_disagree_are_nondeterministic(
    tmp_path_factory: pytest.TempPathFactory, outcomes: list[str]
) -> None:
    finding = load_finding(write_finding(tmp_path_factory.mktemp("findings"), "x"))
    judgement = judge(finding, HERE, [saw(outcome) for outcome in outcomes])
    if len(set(outcomes)) == 1:
        assert judgement.outcome == outcomes[0]
    else:
        assert judgement.outcome is Outcome.NONDETERMINISTIC
        for outcome in outcomes:
            assert f"{outcome} {outcomes.count(outcome)} of {len(outcomes)}" in judgement.seen


def test_a_known_intermittent_is_as_documented_whichever_way_it_goes(finding: Callable[..., Finding]) -> None:
    listed = finding(slug="listed", expect=documented("wrong-gradient", "crash"))
    named = finding(slug="named", expect=documented("nondeterministic"))
    for finding_ in (listed, named):
        assert judge(finding_, HERE, [saw("wrong-gradient"), saw("crash")]).verdict is Verdict.BITES
    assert judge(listed, HERE, [saw("crash"), saw("crash")]).verdict is Verdict.BITES
    assert judge(named, HERE, [saw("crash"), saw("crash")]).verdict is Verdict.CHANGED, (
        "it disagrees with itself no more"
    )


@pytest.mark.parametrize(
    ("outcome", "rows", "words"),
    [
        ("ok", documented("wrong-gradient"), "no longer bites"),
        ("crash", documented("ok"), "bites now"),
        ("crash", None, "no expectation row covers"),
        ("crash", documented("wrong-gradient"), "bites otherwise"),
    ],
)
def test_a_change_says_what_was_expected_what_was_seen_and_what_to_do(
    finding: Callable[..., Finding], outcome: str, rows: list[dict[str, Any]] | None, words: str
) -> None:
    changed = finding(expect=rows or [], script={"dependencies": ["jax"]})
    message = judge(changed, HERE, [saw(outcome, "the detail")]).message
    assert words in message
    assert f"saw {outcome}" in message
    assert "the detail" in message
    assert "jax 0.7.1" in message, "on which versions"
    assert "add an expectation row" in message
    if rows:
        assert "documented on 3.11.0" in message, "since when"


def test_since_is_the_oldest_release_on_which_the_present_bite_was_seen(finding: Callable[..., Finding]) -> None:
    rows = [
        jax_row(">=0.4,<0.5", "crash", seen=["0.4.1"]),
        jax_row(">=0.5,<0.9", "wrong-value", seen=["0.5.1", "0.7.1"]),
        jax_row(">=0.9", "ok", seen=["0.10.0"]),
    ]
    history = finding(expect=rows)
    assert str(since(history, HERE)) == "jax 0.5.1"
    assert str(since(history, environment(packages={"jax": "0.10.2"}))) == "until jax 0.7.1", "0.7 is older than 0.10"
    assert since(finding(slug="harmless"), HERE) is None


def test_what_is_clear_tells_the_newest_bite_before_it_or_else_the_first_after_it(
    finding: Callable[..., Finding],
) -> None:
    rows = [
        jax_row("<0.5", "ok", seen=["0.4.1"]),
        jax_row(">=0.5,<0.6", "crash", seen=["0.5.0", "0.5.1"]),
        jax_row(">=0.6,<0.9", "ok", seen=["0.7.1"]),
        jax_row(">=0.9", "crash", seen=["0.10.0"]),
    ]
    history = finding(expect=rows)
    assert str(since(history, environment(packages={"jax": "0.4.1"}))) == "from jax 0.5.0"
    assert str(since(history, environment(packages={"jax": "0.7.1"}))) == "until jax 0.5.1"
    assert str(since(history, environment(packages={"jax": "0.10.0"}))) == "jax 0.10.0"


def test_what_cannot_run_here_is_not_applicable_for_its_reason(tmp_path: Path) -> None:
    finding = load_finding(write_finding(tmp_path, "x"))
    judgement = judge(finding, HERE, [saw("not-applicable", "no such device")])
    assert (judgement.verdict, judgement.message) == (Verdict.NOT_APPLICABLE, "no such device")


def test_severity_ranks_what_lies_silently_before_what_fails_loudly() -> None:
    # Oracle: the order in which the project promises to list them.
    promised = [
        {Outcome.WRONG_GRADIENT, Outcome.WRONG_VALUE, Outcome.WRONG_DTYPE, Outcome.SILENT_FALLBACK},
        {Outcome.NONDETERMINISTIC},
        {Outcome.CRASH},
        {Outcome.HANG},
        {Outcome.COMPILE_ERROR, Outcome.ERROR},
        {Outcome.SLOW},
        {Outcome.OK, Outcome.NOT_APPLICABLE},
    ]
    assert set().union(*promised) == set(Outcome)
    for better, worse in zip(promised[1:], promised[:-1], strict=True):
        assert max(outcome.severity for outcome in worse) < min(outcome.severity for outcome in better)


def test_versions_are_compared_as_versions_not_as_text() -> None:
    assert environment(packages={"jax": "0.10.0"}).versions["jax"] > Version("0.9.2")
