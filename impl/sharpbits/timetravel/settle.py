"""Tell on which side a stack stands where one run may not tell.

At the two ends a finding is run several times. Where each end always shows the same, one run settles a stack. Where an
outcome is seen sometimes, the share of runs that show it differs between the ends, and Wald's sequential probability
ratio test ("Sequential tests of statistical hypotheses", 1945) draws runs until either side is settled at the stated
confidence, or so many were drawn that the stack is left unsettled.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from sharpbits.timetravel.search import Side

#: More runs than this are not spent on one stack.
MOST_RUNS = 60


@dataclass(frozen=True)
class Ends:
    """What the runs at both ends showed."""

    old: tuple[Hashable, ...]
    new: tuple[Hashable, ...]

    @property
    def certain(self) -> bool:
        """Whether each end always showed the same, and the two differ."""
        return len(set(self.old)) == 1 and len(set(self.new)) == 1 and self.old[0] != self.new[0]

    @property
    def mark(self) -> Hashable:
        """The outcome whose share differs most between the ends."""
        return max(dict.fromkeys((*self.new, *self.old)), key=lambda one: abs(self._share(one)))

    def _share(self, one: Hashable) -> float:
        return self.new.count(one) / len(self.new) - self.old.count(one) / len(self.old)

    def differ(self, confidence: float) -> bool:
        """Whether the ends differ, at this confidence (Fisher's exact test where either varies)."""
        if len(set(self.old)) == 1 and len(set(self.new)) == 1:
            return self.old[0] != self.new[0]
        old, new = self.old.count(self.mark), self.new.count(self.mark)
        return fisher_exact(old, len(self.old), new, len(self.new)) <= 1 - confidence

    def confirmed_by(self, old: Sequence[Hashable], new: Sequence[Hashable], confidence: float) -> bool:
        """Whether other runs differ in the same outcome and the same direction."""
        mark = self.mark
        hits, other_hits = old.count(mark), new.count(mark)
        upward = other_hits / len(new) > hits / len(old)
        return upward == (self._share(mark) > 0) and fisher_exact(hits, len(old), other_hits, len(new)) <= (
            1 - confidence
        )


def settle(draw: Callable[[], Hashable | None], ends: Ends, *, confidence: float, most: int = MOST_RUNS) -> Side:
    """Tell the side of one stack.

    Parameters
    ----------
    draw
        Runs it once and returns what was seen; None: the run says nothing, so the stack cannot be tested.
    confidence
        The probability with which this one answer is right, if the stack behaves as one of the ends.
    """
    seen = draw()
    if seen is None:
        return Side.UNTESTABLE
    if ends.certain:
        return Side.OLD if seen == ends.old[0] else Side.NEW if seen == ends.new[0] else Side.UNTESTABLE
    familiar = {*ends.old, *ends.new}
    # With half a run added to either count (Jeffreys): never and always are not seen in finitely many runs.
    rates = [(side.count(ends.mark) + 0.5) / (len(side) + 1) for side in (ends.old, ends.new)]
    bound = math.log(confidence / (1 - confidence))
    evidence = 0.0
    for number in range(1, most + 1):
        if seen is None or seen not in familiar:
            return Side.UNTESTABLE
        old, new = rates if seen == ends.mark else [1 - rate for rate in rates]
        evidence += math.log(new / old)
        if abs(evidence) >= bound:
            return Side.NEW if evidence > 0 else Side.OLD
        if number < most:
            seen = draw()
    return Side.UNSETTLED


def fisher_exact(hits: int, runs: int, other_hits: int, other_runs: int) -> float:
    """Return the two-sided p-value that two shares are the same (hypergeometric, tables no likelier than this one)."""
    total, both = hits + other_hits, runs + other_runs

    def weight(count: int) -> int:
        return math.comb(runs, count) * math.comb(other_runs, total - count)

    possible = range(max(0, total - other_runs), min(runs, total) + 1)
    return sum(weight(count) for count in possible if weight(count) <= weight(hits)) / math.comb(both, total)


def tally(seen: Sequence[Hashable]) -> str:
    """Say what runs showed: ``"ok"``, or ``"crash 3 of 10, ok 7 of 10"``."""
    counts = Counter(map(str, seen))
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{name} {count} of {len(seen)}" for name, count in sorted(counts.items()))
