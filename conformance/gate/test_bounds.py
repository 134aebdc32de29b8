"""The statistics of a gate: coverage and power on simulated machines, against known truths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sharpbits.gate.bounds import Interval, compare_medians, median_interval
from sharpbits.gate.contest import GateVerdict, judge_interval

RUNS = 100
ROUNDS = 80


def noisy_run(seed: int, slowdown: float = 1.0) -> tuple[list[float], list[float]]:
    """Times of two contestants on a bad machine: heavy tails, spikes, a drift within and a jump between the runs.

    Each round is disturbed for both alike (drift, frequency) and for each alone (spikes, log-normal jitter of 6 %).
    """
    random = np.random.default_rng(seed)
    base = random.uniform(0.7, 1.4)  # another day, another neighbour
    drift = base * np.linspace(1.0, random.uniform(0.8, 1.3), ROUNDS)
    wobble = np.exp(0.05 * np.cumsum(random.normal(size=ROUNDS)) / np.sqrt(ROUNDS))

    def side(cost: float) -> list[float]:
        jitter = np.exp(random.normal(scale=0.06, size=ROUNDS))
        spikes = np.where(random.random(ROUNDS) < 0.08, 1 + random.pareto(1.5, ROUNDS), 1.0)
        return [float(time) for time in cost * drift * wobble * jitter * spikes]

    return side(slowdown), side(1.0)


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [other / own for own, other in zip(ours, theirs, strict=True)]


def is_slower(reference: list[float], new: list[float]) -> bool:
    comparison = compare_medians(reference, new)
    return comparison.factor > 1.05 and comparison.p_value < 0.01


def test_identical_code_passes_in_at_least_99_of_100_noisy_runs() -> None:
    alarms = 0
    for seed in range(RUNS):
        before = [1 / ratio for ratio in ratios(*noisy_run(2 * seed))]
        after = [1 / ratio for ratio in ratios(*noisy_run(2 * seed + 1))]
        alarms += is_slower(before, after)
    assert alarms <= 1


def test_a_slowdown_of_ten_percent_is_caught_in_at_least_95_of_100_noisy_runs() -> None:
    caught = 0
    for seed in range(RUNS):
        before = [1 / ratio for ratio in ratios(*noisy_run(2 * seed))]
        after = [1 / ratio for ratio in ratios(*noisy_run(2 * seed + 1, slowdown=1.1))]
        caught += is_slower(before, after)
    assert caught >= 95


def test_seconds_alone_would_cry_wolf_on_such_machines() -> None:
    """Why the peer is there: the same identical code, judged by absolute times."""
    alarms = sum(is_slower(noisy_run(2 * seed)[0], noisy_run(2 * seed + 1)[0]) for seed in range(RUNS))
    assert alarms > 20


@pytest.mark.parametrize(("slowdown", "verdict"), [(1.0, GateVerdict.PASSES), (1.1, GateVerdict.FAILS)])
def test_a_claim_of_equality_within_five_percent_is_decided_rightly(slowdown: float, verdict: GateVerdict) -> None:
    """Never the wrong way round; undecided is allowed, more rounds follow."""
    verdicts = [judge_interval(median_interval(ratios(*noisy_run(seed, slowdown))), 0.95) for seed in range(RUNS)]
    wrong = GateVerdict.FAILS if verdict is GateVerdict.PASSES else GateVerdict.PASSES
    assert verdicts.count(wrong) <= 1
    assert verdicts.count(verdict) >= 50


def test_the_interval_covers_the_true_median_as_often_as_it_says() -> None:
    """Oracle: the median of a log-normal law is known, and the count of hits is binomial."""
    random = np.random.default_rng(1)
    hits = 0
    trials = 300
    for _ in range(trials):
        interval = median_interval(np.exp(random.normal(size=60)).tolist(), confidence=0.95)
        hits += interval.low <= 1.0 <= interval.high
    assert binomtest(hits, trials, 0.95).pvalue > 1e-3, hits


@given(
    st.lists(st.floats(0.1, 10.0), min_size=5, max_size=40),
    st.floats(0.1, 10.0),
)
def test_the_interval_scales_with_its_samples_and_holds_the_median(samples: list[float], scale: float) -> None:
    interval = median_interval(samples)
    assert interval.low <= interval.median <= interval.high
    assert min(samples) <= interval.low
    assert interval.high <= max(samples)
    scaled = median_interval([scale * sample for sample in samples])
    np.testing.assert_allclose(
        [scaled.low, scaled.median, scaled.high],
        [scale * interval.low, scale * interval.median, scale * interval.high],
        rtol=1e-12,
    )


@pytest.mark.parametrize("samples", [[], [1.0] * 4, [1.0] * 5 + [float("nan")], [1.0] * 5 + [float("inf")]])
def test_too_few_or_unusable_samples_are_refused(samples: list[float]) -> None:
    with pytest.raises(ValueError, match="at least 5 finite samples"):
        median_interval(samples)


@given(st.floats(0.5, 2.0), st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.5, 2.0))
def test_a_verdict_needs_the_whole_interval_on_one_side(
    median: float, below: float, above: float, claim: float
) -> None:
    interval = Interval(median, median - below, median + above)
    verdict = judge_interval(interval, claim)
    assert (verdict is GateVerdict.PASSES) == (interval.low >= claim)
    assert (verdict is GateVerdict.FAILS) == (interval.high < claim)
