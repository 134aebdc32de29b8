"""Which of the packages that changed is to blame: the smallest set whose move alone brings the change.

The stack before the change is moved forward step by step. A *step* is a package together with those that its new
release does not work without, by their own metadata: moving jax alone, without jaxlib, tells nothing. A set of packages
is *sufficient* when moving it, and nothing else, brings the change, and *necessary* when moving everything but it does
not.

Up to six steps: all sets of them, smaller ones first, so the answer is the smallest. More: delta debugging (Zeller and
Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), whose answer is minimal, in that no step of it
can be left out, and then every single step. If the answer has several packages, each of them is tried alone at last,
against the metadata's word. Never more than ``most`` probes.

A set that was seen not to bring the change clears every set within it: that a package brings it alone and another,
moved along, hides it again, is not looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from sharpbits.timetravel.search import Side

#: More probes than this are not spent on the culprit.
MOST_PROBES = 24
_EXHAUSTIVE = 6

Packages = frozenset[str]
Move = Callable[[Packages], Side]


@dataclass(frozen=True)
class Culprit:
    """What was found out about the packages that changed."""

    #: Moving these alone brings the change.
    packages: Packages
    #: Moving all others does not; None: that stack could not be tested.
    necessary: bool | None
    #: Every smaller set of steps is cleared. False: some could not be tested, or probes ran out.
    smallest: bool
    #: Every set that was tried, with its side.
    evidence: dict[Packages, Side] = field(default_factory=dict)


class _BudgetSpentError(Exception):
    pass


def find_culprit(
    steps: Sequence[Packages], move: Move, *, alone: Collection[str] | None = None, most: int = MOST_PROBES
) -> Culprit:
    """Return the smallest set of packages that brings the change.

    Parameters
    ----------
    steps
        What can be moved in one, the likelier ones first; together they are everything that changed.
    move
        Tells the side of the old stack with a set of packages moved to their new versions; none of them is known to be
        old, all of them new.
    alone
        Packages that may be tried alone at last; default: all. One that only came or went is none of them.
    most
        Limit on calls of ``move``.
    """
    everything = frozenset[str]().union(*steps)
    evidence: dict[Packages, Side] = {}
    known = {frozenset[str](): Side.OLD, everything: Side.NEW}

    def brings_it(chosen: Packages) -> bool:
        if chosen not in known:
            if any(side is Side.OLD and chosen < other for other, side in evidence.items()):
                known[chosen] = Side.OLD
                return False
            if len(evidence) >= most:
                raise _BudgetSpentError
            known[chosen] = evidence[chosen] = move(chosen)
        return known[chosen] is Side.NEW

    smallest = False
    try:
        best = everything
        if len(steps) > 1:
            # Mostly it is the release that drags others along, or else the likeliest: then this clears the rest.
            brings_it(everything - max(steps, key=len))
        if len(steps) > _EXHAUSTIVE:
            best = min(_shrinking(list(steps), brings_it), key=len, default=everything)
        best = next(filter(brings_it, _smaller_sets(steps, best)), best)
        # Where a set could not be tested, a smaller culprit may hide behind it.
        smallest = all(known[chosen].decided for chosen in _smaller_sets(steps, best)) and (
            len(steps) <= _EXHAUSTIVE or best in steps
        )
        if len(best) > 1:
            suspects = best if alone is None else best.intersection(alone)
            singles = [frozenset([name]) for step in steps for name in sorted(step & suspects)]
            best = next(filter(brings_it, dict.fromkeys(singles)), best)
    except _BudgetSpentError:
        best = min((chosen for chosen, side in known.items() if side is Side.NEW), key=len)
    others = everything - best
    if others not in known and len(evidence) < most:
        brings_it(others)
    necessary = {Side.OLD: True, Side.NEW: False}.get(known.get(others, Side.UNTESTABLE))
    return Culprit(best, necessary, smallest or len(best) == 1, evidence)


def _smaller_sets(steps: Sequence[Packages], than: Packages) -> list[Packages]:
    """Every union of steps with fewer packages, small ones first; of many steps only the single ones."""
    counts = range(1, len(steps) + 1 if len(steps) <= _EXHAUSTIVE else 2)
    unions = (frozenset[str]().union(*chosen) for count in counts for chosen in combinations(steps, count))
    return sorted((union for union in dict.fromkeys(unions) if len(union) < len(than)), key=len)


def _shrinking(steps: list[Packages], brings_it: Callable[[Packages], bool]) -> Iterator[Packages]:
    """Yield ever smaller sets that bring the change, the last one minimal (ddmin)."""
    parts = 2
    while len(steps) > 1:
        size, extra = divmod(len(steps), parts)
        cuts = [number * size + min(number, extra) for number in range(parts + 1)]
        chunks = [steps[start:end] for start, end in pairwise(cuts)]
        rests = [[step for step in steps if step not in chunk] for chunk in chunks] if parts > 2 else []
        smaller = next((one for one in (*chunks, *rests) if brings_it(frozenset[str]().union(*one))), None)
        if smaller is not None:
            parts = 2 if smaller in chunks else max(parts - 1, 2)
            steps = smaller
            yield frozenset[str]().union(*steps)
        elif parts < len(steps):
            parts = min(2 * parts, len(steps))
        else:
            return
