"""Find where a history turns: callables in, a bracket out, no files, no processes, no clock.

Stacks are numbered from oldest to newest. A probe says on which side of the change a stack stands; one that cannot be
tested (it does not install, it fails otherwise) stands on neither, is stepped around, and never counts as the change.

Cost of :func:`bisect` between two ends with ``m`` stacks in between: at most ``floor(log2(m)) + 1`` probes that have a
side, and one for each stack that turned out to have none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Where a stack stands."""

    OLD = "old"
    NEW = "new"
    #: It cannot be tested: it does not install, or it fails in another way than either end.
    UNTESTABLE = "untestable"
    #: It varies, and as many runs as allowed did not settle it.
    UNSETTLED = "unsettled"

    @property
    def decided(self) -> bool:
        """Whether it is one of the two."""
        return self in (Side.OLD, Side.NEW)


Probe = Callable[[int], Side]


@dataclass(frozen=True)
class Bracket:
    """The narrowest pair of stacks found with the change between them."""

    last_old: int
    first_new: int

    @property
    def exact(self) -> bool:
        """Whether the two are neighbours; else the stacks between them could not be decided."""
        return self.first_new == self.last_old + 1


def most_probes(stacks: int, *, old_end_given: bool = True) -> int:
    """Return the bound on stacks tested to find the turn: the ends and the bisection, if every stack can be tested.

    An old end that is not given is reached by steps that double, and the turn lies within the last of them.
    """
    if old_end_given:
        return 2 + math.ceil(math.log2(max(stacks, 2)))
    return 2 + 2 * math.ceil(math.log2(max(stacks - 1, 1)))


def bisect(last_old: int, first_new: int, probe: Probe) -> Bracket:
    """Narrow down a bracket whose ends are known to stand on different sides.

    Where the history turns more than once, one of its turns from old to new is found.
    """
    undecidable: set[int] = set()
    while True:
        between = [number for number in range(last_old + 1, first_new) if number not in undecidable]
        if not between:
            return Bracket(last_old, first_new)
        middle = between[len(between) // 2]
        side = probe(middle)
        if side is Side.OLD:
            last_old = middle
        elif side is Side.NEW:
            first_new = middle
        else:
            undecidable.add(middle)


def reach_back(newest: int, probe: Probe) -> tuple[int | None, int]:
    """Step back from the newest stack, twice as far each time, until one stands on the old side.

    Returns the old one (None where even the oldest is not), and the oldest that was seen on the new side.
    """
    oldest_new, step = newest, 1
    while oldest_new > 0:
        number = max(newest - step, 0)
        side = probe(number)
        if side is Side.OLD:
            return number, oldest_new
        if side is Side.NEW:
            oldest_new = number
        if number == 0:
            break
        step *= 2
    return None, oldest_new
