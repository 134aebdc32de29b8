"""Whether two neighbours differ at all: asked anew of runs that the search has not seen.

A search stops at a turn whatever it runs: one that fails by a fair coin has turns enough, and one run of each stack
finds some. So the two stacks at the turn are run again, and only these runs are counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from sharpbits.timetravel.metric import FIRST_DRAWS, MOST_DRAWS, MetricEnds
from sharpbits.timetravel.settle import Ends, tally

#: Runs at each end, once a subject was seen to vary: shares of 20 and 80 % differ in these 99 times of 100.
VARYING_RUNS = 30
#: Runs of each neighbour at first, where the ends vary; doubled until they differ.
_FIRST_RUNS = 10
_MOST_RUNS = 40

Draw = Callable[[], Hashable | None]


@dataclass(frozen=True)
class Confirmation:
    """Whether two stacks were seen to differ as the ends do, and what their runs showed."""

    holds: bool
    old: list[Hashable] = field(default_factory=list)
    new: list[Hashable] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{tally(self.old) or 'nothing'}, and {tally(self.new) or 'nothing'}"


def sure_runs(confidence: float) -> int:
    """Return how often each of two stacks has to show what it showed before.

    With ``k`` runs of each, two stacks of which either fails with the same probability ``p`` pass with ``(p - p²)ᵏ``,
    which is at most ``4⁻ᵏ``.
    """
    return math.ceil(math.log(1 / (1 - confidence), 4) - 1e-9)


def mixture_runs(confidence: float) -> int:
    """Return how often a mixture that the answer rests on is run again: half as often, as its turn was confirmed."""
    return math.ceil(sure_runs(confidence) / 2)


def confirm(old: Draw, new: Draw, ends: Ends | MetricEnds, confidence: float) -> Confirmation:
    """Run two neighbours in turns until they differ as the ends do, or do not after as many runs as allowed.

    Parameters
    ----------
    old, new
        Run the last stack on the old side, and the first on the new, and return what was seen.
    confidence
        Of saying so only where they do: each run as at its end where the ends never vary (:func:`sure_runs`), else by
        the test that the ends had to pass.
    """
    if isinstance(ends, Ends) and ends.certain:
        found = Confirmation(True)
        for _ in range(sure_runs(confidence)):
            for draw, seen, usual in ((old, found.old, ends.old[0]), (new, found.new, ends.new[0])):
                if not _drawn(draw, seen) or seen[-1] != usual:
                    return Confirmation(False, found.old, found.new)
        return found
    count, most = (FIRST_DRAWS, MOST_DRAWS) if isinstance(ends, MetricEnds) else (_FIRST_RUNS, _MOST_RUNS)
    olds: list[Hashable] = []
    news: list[Hashable] = []
    while count <= most:
        while len(news) < count:
            if not (_drawn(old, olds) and _drawn(new, news)):
                return Confirmation(False, olds, news)
        if ends.confirmed_by(olds, news, confidence):
            return Confirmation(True, olds, news)
        count *= 2
    return Confirmation(False, olds, news)


def _drawn(draw: Draw, seen: list[Hashable]) -> bool:
    one = draw()
    if one is not None:
        seen.append(one)
    return one is not None
