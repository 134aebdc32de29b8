"""The search: what it finds in any history, and how many probes it may take."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from sharpbits.timetravel.search import Bracket, Side, bisect, reach_back

SIDES = st.lists(st.sampled_from(list(Side)), max_size=120)


@settings(max_examples=800)
@given(between=SIDES)
def test_the_bracket_has_an_old_and_a_new_stack_and_only_undecidable_ones_between(between: list[Side]) -> None:
    """Any history at all: turns back and forth, stacks that cannot be tested."""
    history = [Side.OLD, *between, Side.NEW]
    found = bisect(0, len(history) - 1, history.__getitem__)
    assert history[found.last_old] is Side.OLD
    assert history[found.first_new] is Side.NEW
    assert not any(side.decided for side in history[found.last_old + 1 : found.first_new])
    assert found.exact == (found.first_new - found.last_old == 1)


@settings(max_examples=800)
@given(between=SIDES)
def test_probes_are_at_most_the_logarithm_and_one_for_each_stack_without_a_side(between: list[Side]) -> None:
    history = [Side.OLD, *between, Side.NEW]
    probed: list[int] = []

    def probe(number: int) -> Side:
        probed.append(number)
        return history[number]

    bisect(0, len(history) - 1, probe)
    without = sum(not history[number].decided for number in probed)
    assert len(probed) - without <= math.ceil(math.log2(len(between) + 1))
    assert len(probed) == len(set(probed)), "a stack was probed twice"


@given(turn=st.integers(1, 500), length=st.integers(2, 500))
def test_one_turn_among_testable_stacks_is_found_exactly(turn: int, length: int) -> None:
    turn = min(turn, length - 1)
    found = bisect(0, length - 1, lambda number: Side.NEW if number >= turn else Side.OLD)
    assert found == Bracket(turn - 1, turn)


@settings(max_examples=600)
@given(before=SIDES)
def test_reaching_back_ends_at_an_old_stack_or_says_that_there_is_none(before: list[Side]) -> None:
    history = [*before, Side.NEW]
    probed: list[int] = []

    def probe(number: int) -> Side:
        probed.append(number)
        return history[number]

    old, oldest_new = reach_back(len(history) - 1, probe)
    assert history[oldest_new] is Side.NEW
    if old is None:
        assert all(history[number] is not Side.OLD for number in probed)
        assert not before or probed[-1] == 0, "it gave up before the oldest stack"
    else:
        assert history[old] is Side.OLD
        assert old < oldest_new
    assert len(probed) <= math.ceil(math.log2(len(history))) + 1
