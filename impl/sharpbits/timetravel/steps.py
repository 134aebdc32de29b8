"""From one stack to the next in steps that are consistent: a package, and what its new release needs moved with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sharpbits.timetravel.history import Candidate
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.stack import Change, changes
from sharpbits.timetravel.uv import UnresolvableError

#: From two stacks and what differs, likelier culprits first, to the steps between them.
Steps = Callable[[Candidate, Candidate, Sequence[Change]], list[frozenset[str]]]

_AT_ONCE = 4


def single_steps(before: Candidate, after: Candidate, differing: Sequence[Change]) -> list[frozenset[str]]:
    """Return a step for each package: right where none needs another."""
    return [frozenset([change.name]) for change in differing]


def consistent_steps(resolver: Resolver, requirements: Sequence[str]) -> Steps:
    """Return a function that asks the resolver what must move together.

    For each package: the old stack with this one at its new version, as an upgrade of it alone would leave it. Cost:
    one resolution for each package that differs.
    """

    def steps(before: Candidate, after: Candidate, differing: Sequence[Change]) -> list[frozenset[str]]:
        names = frozenset(change.name for change in differing)

        def step(change: Change) -> frozenset[str] | None:
            if change.after is None or change.before is None:
                return None  # it came or went with another
            wanted = [*requirements, f"{change.name}=={change.after.version}"]
            try:
                upgraded = resolver.resolve(wanted, after.at, prefer=before.stack)
            except UnresolvableError:
                return None  # it works in no mixture of the two
            moved = {moved.name for moved in changes(before.stack, upgraded)}
            return (names & moved) | {change.name}

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [one for one in pool.map(step, differing) if one is not None]
        rest = names.difference(*found)
        return list(dict.fromkeys([*found, *(frozenset([name]) for name in sorted(rest))]))

    return steps
