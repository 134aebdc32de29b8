"""Tell on which side a stack stands by a number that scatters.

The number is drawn several times at both ends, then at each stack. A stack stands on the side from whose numbers the
Mann-Whitney test cannot tell it, when it can tell it from the other's, which also lies a stated factor away. Neither
distribution nor scale is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import median

from sharpbits.extras import needs_extra
from sharpbits.timetravel.search import Side

#: Numbers drawn at first: with five on each side the test can reach a p-value of 1 in 126.
FIRST_DRAWS = 5
MOST_DRAWS = 40


@dataclass(frozen=True)
class MetricEnds:
    """The numbers of both ends, and from which ratio of their medians on they count as different."""

    old: tuple[float, ...]
    new: tuple[float, ...]
    factor: float = 1.1

    def differ(self, confidence: float) -> bool:
        """Whether the ends' numbers differ: by the test and by the factor."""
        return _apart(self.old, self.new, self.factor) and p_value(self.old, self.new) <= 1 - confidence

    def confirmed_by(self, old: Sequence[Hashable], new: Sequence[Hashable], confidence: float) -> bool:
        """Whether other numbers differ in the same direction."""
        olds, news = ([one for one in side if isinstance(one, float)] for side in (old, new))
        upward = median(news) > median(olds)
        return upward == (median(self.new) > median(self.old)) and MetricEnds(
            tuple(olds), tuple(news), self.factor
        ).differ(confidence)


def settle_metric(draw: Callable[[], float | None], ends: MetricEnds, *, confidence: float) -> Side:
    """Tell the side of one stack by its numbers; ``draw`` gives the next, or None: the stack cannot be tested."""
    drawn: list[float] = []
    while len(drawn) < MOST_DRAWS:
        for _ in range(max(FIRST_DRAWS, len(drawn))):
            number = draw()
            if number is None:
                return Side.UNTESTABLE
            drawn.append(number)
        from_old, from_new = (
            _apart(end, drawn, ends.factor) and p_value(end, drawn) <= 1 - confidence for end in (ends.old, ends.new)
        )
        if from_old != from_new:
            return Side.NEW if from_old else Side.OLD
        if from_old and from_new:
            return Side.UNTESTABLE  # a third level: neither of the two that are looked for
    return Side.UNSETTLED


def p_value(one: tuple[float, ...] | list[float], other: tuple[float, ...] | list[float]) -> float:
    """Return the two-sided p-value of the Mann-Whitney test.

    Raises
    ------
    UsageError
        SciPy, which computes it, is not installed.
    """
    with needs_extra("a number cannot be bisected", "perf"):
        from scipy.stats import mannwhitneyu
    return float(mannwhitneyu(one, other, alternative="two-sided").pvalue)


def _apart(one: tuple[float, ...] | list[float], other: tuple[float, ...] | list[float], factor: float) -> bool:
    low, high = sorted((median(one), median(other)))
    return high >= low * factor if low > 0 else high > low
