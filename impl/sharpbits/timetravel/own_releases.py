"""Which release of the culprit it is: its own history between the two versions, in a second search.

A package that comes in through another's dependencies moves when that one does, over many releases at once. Here it
moves alone: everything else stays as it was before the change, as far as that release resolves with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from packaging.version import Version

from sharpbits.errors import SharpbitsError
from sharpbits.timetravel.history import Candidate, releases
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.search import Side, bisect
from sharpbits.timetravel.stack import Change, Pin, Stack, changes
from sharpbits.timetravel.uv import UnresolvableError

#: More releases than the newest so many are not asked for: each is a question to the index.
_MOST_RELEASES = 100
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Narrowed:
    """Between which releases of one package the change lies."""

    package: str
    last_old: str
    first_new: str
    #: What was tried, in the order in which it was.
    tried: tuple[tuple[str, Stack, Side], ...] = ()
    #: Why the two are no neighbours; empty: they are.
    why: str = ""


class OwnReleases(Protocol):
    """Where the releases of one package come from, and the stacks to try them in."""

    def between(self, change: Change, after: Candidate) -> list[Pin]:
        """Return the releases between two versions, none of them included, from the old one to the new.

        Raises
        ------
        SharpbitsError
            They cannot be told.
        """

    def stack(self, before: Stack, pin: Pin, after: Candidate) -> Stack:
        """Return the old stack with one package at another release."""


@dataclass(frozen=True)
class ResolvedReleases:
    """Asks the index."""

    resolver: Resolver
    requirements: Sequence[str]

    def between(self, change: Change, after: Candidate) -> list[Pin]:
        """Return the releases that were the newest of that range at some time. Cost: a question for each."""
        if change.before is None or change.after is None:
            return []
        old, new = Version(change.before.version), Version(change.after.version)
        low, high = sorted((old, new))
        found = releases(self.resolver, f"{change.name}>{low},<{high}", _EVER, after.at, most=_MOST_RELEASES)
        return sorted(found, key=lambda pin: Version(pin.version), reverse=new < old)

    def stack(self, before: Stack, pin: Pin, after: Candidate) -> Stack:
        """Return the old stack with what this release needs added or upgraded; else with nothing else moved.

        A solution that takes a package back, to a release from before it had bounds, would be another stack altogether.
        """
        held = before.moved({pin.name: pin})
        try:
            resolved = self.resolver.resolve([*self.requirements, str(pin)], after.at, prefer=before)
        except UnresolvableError:
            return held
        return resolved if all(map(_forward, changes(held, resolved))) else held


def narrow(
    change: Change, turn: tuple[Candidate, Candidate], own: OwnReleases, probe: Callable[[Stack], Side], *, most: int
) -> Narrowed:
    """Bisect the releases of the package that alone brings the change.

    Parameters
    ----------
    turn
        The last old and the first new stack.
    probe
        Tells the side of a stack.
    most
        Limit on calls of ``probe``.
    """
    if change.before is None or change.after is None:
        came = "was not part of the stack before" if change.before is None else "is no longer part of the stack"
        return Narrowed(change.name, str(change.before), str(change.after), why=f"it {came}")
    versions = change.before.version, change.after.version
    try:
        pins = own.between(change, turn[1])
    except SharpbitsError as error:
        return Narrowed(change.name, *versions, why=f"its releases cannot be listed: {error.why}")
    tried: list[tuple[str, Stack, Side]] = []

    def side(number: int) -> Side:
        if len(tried) >= most:
            return Side.UNSETTLED
        stack = own.stack(turn[0].stack, pins[number - 1], turn[1])
        tried.append((pins[number - 1].version, stack, probe(stack)))
        return tried[-1][2]

    bracket = bisect(0, len(pins) + 1, side)
    names = [versions[0], *(pin.version for pin in pins), versions[1]]
    left = names[bracket.last_old + 1 : bracket.first_new]
    untried = [name for name in left if name not in {version for version, _, _ in tried}]
    why = ""
    if untried:
        why = f"the limit on mixtures was reached before {_listed(untried)}"
    elif left:
        why = f"{_listed(left)} could not be decided"
    elif len(pins) >= _MOST_RELEASES and bracket.last_old == 0:
        why = f"only the newest {len(pins)} of its releases between were looked at"
    return Narrowed(change.name, names[bracket.last_old], names[bracket.first_new], tuple(tried), why)


def _forward(change: Change) -> bool:
    if change.before is None or change.after is None:
        return change.before is None
    return Version(change.after.version) > Version(change.before.version)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
