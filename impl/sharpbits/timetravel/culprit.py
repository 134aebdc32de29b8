"""Which of the packages that changed is to blame: the smallest set whose move alone brings the change.

The stack before the change is moved forward package by package. A set of packages is *sufficient* when moving it, and
nothing else, brings the change, and *necessary* when moving everything but it does not.

Up to six packages: all sets, smaller ones first, so the answer is the smallest. More: delta debugging (Zeller and
Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), whose answer is minimal, in that no package of
it can be left out, and then every single package. Never more than ``most`` probes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from sharpbits.timetravel.search import Side

#: More probes than this are not spent on the culprit.
MOST_PROBES = 24
_EXHAUSTIVE = 6

Move = Callable[[frozenset[str]], Side]


@dataclass(frozen=True)
class Culprit:
    """What was found out about the packages that changed."""

    #: Moving these alone brings the change.
    packages: frozenset[str]
    #: Moving all others does not; None: that stack could not be tested.
    necessary: bool | None
    #: No smaller set does: each was tried. False: none of its own parts does, or probes ran out.
    smallest: bool
    #: Every set that was tried, with its side.
    evidence: dict[frozenset[str], Side] = field(default_factory=dict)


class _BudgetSpentError(Exception):
    pass


def find_culprit(names: Sequence[str], move: Move, *, most: int = MOST_PROBES) -> Culprit:
    """Return the smallest set of packages that brings the change.

    Parameters
    ----------
    names
        The packages that differ, the likelier ones first.
    move
        Tells the side of the old stack with a set of packages moved to their new versions; none of them is known to be
        old, all of them new.
    most
        Limit on calls of ``move``.
    """
    everything = frozenset(names)
    evidence: dict[frozenset[str], Side] = {}
    known = {frozenset[str](): Side.OLD, everything: Side.NEW}

    def brings_it(chosen: frozenset[str]) -> bool:
        if chosen not in known:
            if len(evidence) >= most:
                raise _BudgetSpentError
            known[chosen] = evidence[chosen] = move(chosen)
        return known[chosen] is Side.NEW

    best = everything
    smallest = False
    try:
        if len(names) > _EXHAUSTIVE:
            best = min(_shrinking(list(names), brings_it), key=len, default=everything)
        for chosen in _smaller_sets(names, len(best)):
            if brings_it(chosen):
                best = chosen
                break
        # Where a stack could not be tested, a smaller set may hide behind it.
        all_tried = len(names) <= _EXHAUSTIVE or len(best) <= 2
        smallest = all_tried and all(known[chosen].decided for chosen in _smaller_sets(names, len(best)))
    except _BudgetSpentError:
        best = min((chosen for chosen, side in known.items() if side is Side.NEW), key=len)
    others = everything - best
    if others not in known and len(evidence) < most:
        brings_it(others)
    necessary = {Side.OLD: True, Side.NEW: False}.get(known.get(others, Side.UNTESTABLE))
    return Culprit(best, necessary, smallest, evidence)


def _smaller_sets(names: Sequence[str], size: int) -> Iterator[frozenset[str]]:
    """Every set of fewer than ``size`` packages, small ones first; of many packages only the single ones."""
    largest = size - 1 if len(names) <= _EXHAUSTIVE else min(size - 1, 1)
    for count in range(1, largest + 1):
        yield from map(frozenset, combinations(names, count))


def _shrinking(names: list[str], brings_it: Callable[[frozenset[str]], bool]) -> Iterator[frozenset[str]]:
    """Yield ever smaller sets that bring the change, the last one minimal (ddmin)."""
    parts = 2
    while len(names) > 1:
        size, extra = divmod(len(names), parts)
        cuts = [number * size + min(number, extra) for number in range(parts + 1)]
        chunks = [names[start:end] for start, end in pairwise(cuts)]
        rests = [[name for name in names if name not in chunk] for chunk in chunks] if parts > 2 else []
        smaller = next((one for one in (*chunks, *rests) if brings_it(frozenset(one))), None)
        if smaller is not None:
            parts = 2 if smaller in chunks else max(parts - 1, 2)
            names = smaller
            yield frozenset(names)
        elif parts < len(names):
            parts = min(2 * parts, len(names))
        else:
            return
