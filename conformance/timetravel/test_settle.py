"""Stacks that vary: settled at the stated confidence, or honestly not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact as scipy_fisher_exact

from sharpbits.timetravel.metric import MetricEnds, settle_metric
from sharpbits.timetravel.search import Side
from sharpbits.timetravel.settle import MOST_RUNS, Ends, fisher_exact, settle


@given(hits=st.integers(0, 30), more=st.integers(0, 30), other=st.integers(0, 30), others=st.integers(0, 30))
def test_fishers_test_is_scipys(hits: int, more: int, other: int, others: int) -> None:
    if hits + more == 0 or other + others == 0:
        return
    expected = scipy_fisher_exact([[hits, more], [other, others]]).pvalue
    assert fisher_exact(hits, hits + more, other, other + others) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("seen", "side"), [("a", Side.OLD), ("b", Side.NEW), ("c", Side.UNTESTABLE), (None, Side.UNTESTABLE)]
)
def test_one_run_settles_a_stack_between_ends_that_never_vary(seen: str | None, side: Side) -> None:
    draws = [seen]
    assert settle(draws.pop, Ends(("a", "a"), ("b",)), confidence=0.99) is side
    assert not draws


@pytest.mark.parametrize(("rate", "runs"), [(0.2, 60), (0.5, 20), (0.9, 20)])
def test_answers_on_stacks_that_vary_are_wrong_less_often_than_stated(rate: float, runs: int) -> None:
    """500 stacks on each side; the shares at the ends are what so many runs of each happened to show."""
    generator = random.Random(1)
    wrong = unsettled = 0
    for number in range(1000):
        truth = Side.NEW if number % 2 else Side.OLD
        new = tuple(generator.random() < rate for _ in range(runs))
        ends = Ends((False,) * runs, new)
        if not ends.differ(0.99):
            unsettled += 1
            continue

        def one_more(bad: bool = truth is Side.NEW) -> bool:
            return bad and generator.random() < rate

        side = settle(one_more, ends, confidence=0.99)
        wrong += side not in (truth, Side.UNSETTLED)
        unsettled += side is Side.UNSETTLED
    assert wrong <= 20, "1 % of 1000, and as much again for ends that were not typical"
    assert unsettled <= 150


def test_a_stack_that_varies_otherwise_than_either_end_is_left_unsettled_or_decided_within_the_limit() -> None:
    drawn = 0

    def draw() -> str:
        nonlocal drawn
        drawn += 1
        return "bad" if drawn % 4 == 0 else "good"

    ends = Ends(("good",) * 10 + ("bad",) * 0, ("bad",) * 5 + ("good",) * 5)
    settle(draw, ends, confidence=0.999999)
    assert drawn <= MOST_RUNS


def test_an_outcome_that_neither_end_has_shown_is_no_evidence_for_either() -> None:
    ends = Ends(("good",) * 10, ("bad",) * 5 + ("good",) * 5)
    assert settle(lambda: "another crash", ends, confidence=0.99) is Side.UNTESTABLE


def test_ends_that_may_be_the_same_do_not_differ() -> None:
    assert not Ends(("good",) * 10, ("good",) * 9 + ("bad",)).differ(0.99)
    assert Ends(("good",) * 10, ("good",) * 1 + ("bad",) * 9).differ(0.99)
    assert not Ends(("good",), ("good",)).differ(0.99)
    assert Ends(("good",), ("bad",)).differ(0.99)


@pytest.mark.parametrize(("level", "side"), [(1.0, Side.OLD), (1.5, Side.NEW), (4.0, Side.UNTESTABLE)])
def test_a_scattering_number_is_told_by_the_end_it_cannot_be_told_from(level: float, side: Side) -> None:
    generator = random.Random(3)

    def numbers(at: float, count: int) -> tuple[float, ...]:
        return tuple(at * generator.lognormvariate(0, 0.05) for _ in range(count))

    ends = MetricEnds(numbers(1.0, 10), numbers(1.5, 10))
    assert ends.differ(0.99)
    for _ in range(50):
        assert settle_metric(lambda: numbers(level, 1)[0], ends, confidence=0.999) is side


def test_a_number_between_both_levels_is_never_called_one_of_them_by_few_draws() -> None:
    ends = MetricEnds(tuple(1 + 0.01 * i for i in range(10)), tuple(2 + 0.01 * i for i in range(10)))
    assert settle_metric(lambda: 1.5, ends, confidence=0.999) in (Side.UNTESTABLE, Side.UNSETTLED)


def test_numbers_that_differ_by_less_than_the_factor_are_the_same() -> None:
    assert not MetricEnds(tuple(1 + 1e-3 * i for i in range(10)), tuple(1.05 + 1e-3 * i for i in range(10))).differ(
        0.99
    )
