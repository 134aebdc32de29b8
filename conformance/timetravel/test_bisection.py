"""The whole search on thousands of simulated histories."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sharpbits.catalogue import Observation, Outcome
from sharpbits.errors import UsageError
from sharpbits.timetravel.bisection import Bisection, run_bisection
from sharpbits.timetravel.culprit import MOST_PROBES
from sharpbits.timetravel.ends import UndecidedError
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.search import Side, most_probes
from sharpbits.timetravel.stack import Pin, Stack, changes
from sharpbits.timetravel.state import SearchState, open_state
from timetravel.simulated import BAD, EPOCH, GOOD, OTHER, at_least, flaky, histories, laboratory, observation


def guilty_release(data: st.DataObject, history: History, other_than: str = "") -> tuple[str, int]:
    """Draw a release that happened after the oldest stack, of any package but one."""
    last = history.candidates[-1].stack
    happened = [(pin.name, one) for pin in last.pins for one in range(1, int(pin.version) + 1)]
    possible = [release for release in happened if release[0] != other_than]
    assume(possible)
    return data.draw(st.sampled_from(possible), label="guilty release")


def smallest_sufficient(found: Bisection, bad: object) -> int:
    """Brute force: how many packages have to be moved at least."""
    before, after = found.last_old.stack, found.first_new.stack
    moved = changes(before, after)
    for size in range(1, len(moved) + 1):
        for chosen in combinations(moved, size):
            if bad(before.moved({change.name: change.after for change in chosen})):  # type: ignore[operator]
                return size
    raise AssertionError("even all of them do not bring the change")


@settings(max_examples=500)
@given(history=histories(), data=st.data())
def test_one_guilty_release_is_found_with_its_package(history: History, data: st.DataObject) -> None:
    name, version = guilty_release(data, history)
    bad = at_least(name, version)
    lab = laboratory(lambda stack: BAD if bad(stack) else GOOD)
    found = run_bisection(lab, history, old_end_given=True, confidence=0.99)
    assert found.bracket.exact
    assert bad(found.first_new.stack)
    assert not bad(found.last_old.stack)
    assert found.culprit.packages == {name}
    assert found.culprit.necessary is not False
    assert found.kind == "regression"
    assert (
        found.search_probes <= most_probes(len(history.candidates)) == 2 + math.ceil(math.log2(len(history.candidates)))
    )
    assert len(lab.probed) <= found.search_probes + MOST_PROBES
    digests = [probe.stack.digest for probe in found.probed]
    assert len(set(digests)) == len(digests), "two probes of the same stack"


@settings(max_examples=300)
@given(history=histories(least_packages=2, most_packages=4, most_releases=20), data=st.data())
def test_two_releases_that_are_guilty_together_are_both_named(history: History, data: st.DataObject) -> None:
    first = guilty_release(data, history)
    second = guilty_release(data, history, other_than=first[0])

    def bad(stack: Stack) -> bool:
        return at_least(*first)(stack) and at_least(*second)(stack)

    found = run_bisection(
        laboratory(lambda stack: BAD if bad(stack) else GOOD), history, old_end_given=True, confidence=0.99
    )
    assert found.bracket.exact
    assert len(found.culprit.packages) == smallest_sufficient(found, bad)
    assert found.culprit.packages <= {first[0], second[0]}


@settings(max_examples=300)
@given(history=histories(), data=st.data())
def test_a_fix_in_the_middle_leaves_a_true_turn(history: History, data: st.DataObject) -> None:
    """Bad between two releases of a package, and bad again from a third on: any turn that is named is one."""
    name, version = guilty_release(data, history)
    fixed = data.draw(st.integers(1, 3)) + version
    again = data.draw(st.integers(0, 3)) + fixed

    def bad(stack: Stack) -> bool:
        number = int(stack.version(name) or 0)
        return version <= number < fixed or number >= again

    assume(bad(history.candidates[-1].stack))
    found = run_bisection(
        laboratory(lambda stack: BAD if bad(stack) else GOOD), history, old_end_given=True, confidence=0.99
    )
    assert (bad(found.last_old.stack), bad(found.first_new.stack)) == (False, True)
    assert found.bracket.exact
    assert found.culprit.packages == {name}


@settings(max_examples=500)
@given(history=histories(), data=st.data(), salt=st.integers(0, 1 << 30), share=st.sampled_from([0.1, 0.4, 0.8]))
def test_stacks_that_do_not_build_or_fail_otherwise_are_stepped_around(
    history: History, data: st.DataObject, salt: int, share: float
) -> None:
    name, version = guilty_release(data, history)
    bad = at_least(name, version)

    def shows(stack: Stack) -> Observation | None:
        # The stack's own digest decides, so that it is the same whenever it is asked for.
        dice = int(stack.digest[:12], 16) * (2 * salt + 1) % 300 / 300
        if dice < share:
            return None if dice < share / 2 else OTHER
        return BAD if bad(stack) else GOOD

    sides = [shows(candidate.stack) for candidate in history.candidates]
    testable = [number for number, seen in enumerate(sides) if seen in (BAD, GOOD)]
    try:
        found = run_bisection(laboratory(shows), history, old_end_given=True, confidence=0.99)
    except UndecidedError:
        # Honest only where an end that could be tested does not differ, or none could.
        ends = {None if one is None else one.outcome for one in (sides[0], sides[-1])}
        assert ends != {Outcome.OK, Outcome.WRONG_GRADIENT}
        return
    if {found.old_shows, found.new_shows} == {"ok", "wrong-gradient"}:
        inside = range(found.bracket.last_old + 1, found.bracket.first_new)
        assert not set(inside) & set(testable), "a stack that could have told was left out"
        assert (bad(found.last_old.stack), bad(found.first_new.stack)) == (False, True)
    undecidable = sum(not probe.side.decided for probe in found.probed[: found.search_probes])
    assert found.search_probes <= most_probes(len(history.candidates)) + undecidable
    for names, side in found.culprit.evidence.items():
        mixed = found.last_old.stack.moved({one.name: one.after for one in found.differing if one.name in names})
        if shows(mixed) is None:
            assert side is Side.UNTESTABLE


@settings(max_examples=200)
@given(history=histories(), data=st.data())
def test_without_a_date_the_old_end_is_found_backwards(history: History, data: st.DataObject) -> None:
    name, version = guilty_release(data, history)
    bad = at_least(name, version)
    lab = laboratory(lambda stack: BAD if bad(stack) else GOOD)
    found = run_bisection(lab, history, old_end_given=False, confidence=0.99)
    assert found.bracket.exact
    assert (bad(found.last_old.stack), bad(found.first_new.stack)) == (False, True)
    assert found.culprit.packages == {name}
    assert found.search_probes <= most_probes(len(history.candidates), old_end_given=False)


@settings(max_examples=200)
@given(history=histories(), data=st.data())
def test_a_fix_is_found_as_a_regression_is(history: History, data: st.DataObject) -> None:
    name, version = guilty_release(data, history)
    good = at_least(name, version)
    found = run_bisection(
        laboratory(lambda stack: GOOD if good(stack) else OTHER), history, old_end_given=False, confidence=0.99
    )
    assert found.kind == "fix"
    assert found.culprit.packages == {name}


@settings(max_examples=200)
@given(history=histories(), data=st.data())
def test_what_never_was_ok_is_told_as_a_change(history: History, data: st.DataObject) -> None:
    """As the lax.map gradient: it aborted before it became silently wrong."""
    name, version = guilty_release(data, history)
    wrong = at_least(name, version)
    found = run_bisection(
        laboratory(lambda stack: BAD if wrong(stack) else OTHER), history, old_end_given=False, confidence=0.99
    )
    assert found.kind == "change"
    assert (wrong(found.last_old.stack), wrong(found.first_new.stack)) == (False, True)


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
def test_flaky_findings_are_wrong_less_often_than_stated(rate: float) -> None:
    """200 histories with a finding that shows itself at a known rate only."""
    outcomes = {"right": 0, "range": 0, "undecided": 0, "wrong": 0}

    @settings(max_examples=200, database=None)
    @given(history=histories(most_packages=3, most_releases=20), data=st.data(), seed=st.integers(0, 1 << 30))
    def one(history: History, data: st.DataObject, seed: int) -> None:
        name, version = guilty_release(data, history)
        bad = at_least(name, version)
        lab = laboratory(flaky(rate, bad, seed), repeats=20)
        try:
            found = run_bisection(lab, history, old_end_given=True, confidence=0.95)
        except UndecidedError:
            outcomes["undecided"] += 1
            return
        covers = not bad(found.last_old.stack) and bad(found.first_new.stack)
        if covers and found.bracket.exact and found.culprit.packages == {name}:
            outcomes["right"] += 1
        elif covers and not (found.bracket.exact and found.culprit.smallest):
            outcomes["range"] += 1
        else:
            outcomes["wrong"] += 1

    one()
    total = sum(outcomes.values())
    assert outcomes["wrong"] <= 0.05 * total, outcomes
    assert outcomes["right"] >= (0.3 if rate < 0.5 else 0.8) * total, outcomes


@settings(max_examples=60)
@given(history=histories(), data=st.data())
def test_a_number_that_scatters_is_bisected(history: History, data: st.DataObject) -> None:
    name, version = guilty_release(data, history)
    slow = at_least(name, version)
    generator = data.draw(st.randoms(use_true_random=False))

    def shows(stack: Stack) -> Observation:
        level = 1.4 if slow(stack) else 1.0
        return observation(Outcome.OK, level * generator.uniform(0.95, 1.05))

    found = run_bisection(laboratory(shows, metric="observed"), history, old_end_given=True, confidence=0.99)
    assert (slow(found.last_old.stack), slow(found.first_new.stack)) == (False, True)
    assert found.bracket.exact
    assert found.culprit.packages == {name}


@settings(max_examples=25)
@given(history=histories(most_releases=15), data=st.data())
def test_interrupted_at_any_run_and_resumed_it_finds_the_same_with_not_one_run_more(
    history: History, data: st.DataObject
) -> None:
    name, version = guilty_release(data, history)
    bad = at_least(name, version)

    def shows(stack: Stack) -> Observation:
        return BAD if bad(stack) else GOOD

    with TemporaryDirectory() as folder:
        path = Path(folder, "state.json")

        def opened(resume: bool) -> SearchState:
            return open_state({"finding": name}, path=path, resume=resume)

        whole = laboratory(shows)
        expected = run_bisection(whole, history, old_end_given=True, confidence=0.99)
        for death in range(whole.runs):
            state = opened(resume=False)
            state.keep_history(history)
            first = laboratory(shows, state=state, dies_at=death)
            with pytest.raises(KeyboardInterrupt):
                run_bisection(first, history, old_end_given=True, confidence=0.99)
            resumed = opened(resume=True)
            assert resumed.history is not None
            second = laboratory(shows, state=resumed)
            found = run_bisection(second, resumed.history, old_end_given=True, confidence=0.99)
            assert found.bracket == expected.bracket
            assert found.culprit == expected.culprit
            assert first.runs + second.runs == whole.runs


def test_ends_that_show_the_same_are_refused() -> None:
    history = History(
        tuple(Candidate(EPOCH + timedelta(days=day), Stack("3.11", "any", (Pin("p0", str(day)),))) for day in range(3)),
        ("p0",),
    )
    with pytest.raises(UndecidedError, match="both ends show the same"):
        run_bisection(laboratory(lambda stack: GOOD), history, old_end_given=True, confidence=0.99)
    with pytest.raises(UndecidedError, match="every stack that could be tested shows ok"):
        run_bisection(laboratory(lambda stack: GOOD), history, old_end_given=False, confidence=0.99)
    with pytest.raises(UndecidedError, match="no stack at the new end can be tested"):
        run_bisection(laboratory(lambda stack: None), history, old_end_given=True, confidence=0.99)


def test_another_questions_state_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with pytest.raises(UsageError, match="there is no search to resume"):
        open_state({"finding": "a"}, path=path, resume=True)
    open_state({"finding": "a"}, path=path, resume=False).save()
    with pytest.raises(UsageError, match="finding differ"):
        open_state({"finding": "b"}, path=path, resume=True)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(UsageError, match="damaged"):
        open_state({"finding": "a"}, path=path, resume=True)
