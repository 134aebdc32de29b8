"""Two contestants in one process, A B A B …, and a confidence bound on the median of their ratios."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

_RESAMPLES = 2000


@dataclass(frozen=True)
class Ratio:
    """Time of ours over time of theirs."""

    median: float
    #: One-sided 95 % bounds, from bootstrap resamples of the per-round ratios.
    low: float
    high: float
    ours: list[float]
    theirs: list[float]


def time_ratio(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int) -> Ratio:
    """Time both ``rounds`` times, taking turns after one warm-up each; drift of the machine hits both alike."""

    def timed(contestant: Callable[[], object]) -> float:
        started = time.perf_counter()
        contestant()
        return time.perf_counter() - started

    timed(ours), timed(theirs)
    pairs = [(timed(ours), timed(theirs)) for _ in range(rounds)]
    ratios = [mine / other for mine, other in pairs]
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=rounds)) for _ in range(_RESAMPLES))
    low, high = medians[int(0.05 * _RESAMPLES)], medians[int(0.95 * _RESAMPLES)]
    return Ratio(statistics.median(ratios), low, high, *(list(times) for times in zip(*pairs, strict=True)))
