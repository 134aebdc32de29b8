"""The stacks that there were: one after each release of a package that matters, each different from the one before.

A package's history is walked backwards with uv alone: the newest release before a moment, then the newest before that
one's upload, and so on. So the index, the credentials, yanked releases and the Python at hand are handled as in every
other resolution, and a release that never was the newest (a backport) is no event: it changed nobody's stack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sharpbits.catalogue.environment import STACK
from sharpbits.errors import UsageError
from sharpbits.timetravel.dates import day_of, just_after, just_before, last_second
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.uv import UnresolvableError

#: uv waits for the index most of the time.
_AT_ONCE = 4
#: How long after its upload a release counts as settled: the packages that belong to it have appeared too.
_REIGN_SHARE = 2
_LONGEST_WAIT = timedelta(days=14)
#: Before the first release of anything.
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """A moment and the stack that was current then."""

    at: datetime
    stack: Stack

    @property
    def until(self) -> datetime:
        """The last second whose releases it has: what a reader is told."""
        return last_second(self.at)


@dataclass(frozen=True)
class History:
    """Distinct stacks, oldest first."""

    candidates: tuple[Candidate, ...]
    #: The packages whose releases were followed.
    packages: tuple[str, ...]
    #: Moments at which the requirements had no solution, with uv's reason.
    unresolvable: tuple[tuple[datetime, str], ...] = ()


def releases(
    resolver: Resolver, requirement: str, since: datetime, until: datetime, *, most: int | None = None
) -> list[Pin]:
    """Return the releases of one package that were the newest at some time in a period, oldest first.

    The first of them is the one that was current at ``since`` already, where there was one; ``most`` is the number of
    them after which no older one is asked for.
    """
    found: list[Pin] = []
    moment = until
    while most is None or len(found) < most:
        try:
            (pin,) = resolver.resolve([requirement], moment, dependencies=False).pins
        except UnresolvableError:
            break
        if pin.uploaded is None:
            raise UsageError(
                "a package has no history",
                why=f"its index gives no upload time for {pin}",
                resolution="use an index that does (the JSON form of the simple index, PEP 700)",
            )
        found.append(pin)
        moment = just_before(pin.uploaded)
        if moment < since:
            break
    return found[::-1]


def moment_of(resolver: Resolver, requirement: str, now: datetime) -> datetime:
    """Return a moment at which a release was current: half way to the next one, at most two weeks after its upload.

    Parameters
    ----------
    requirement
        An exact one, ``"pennylane-catalyst==0.14.0"``.

    Raises
    ------
    UnresolvableError
        There is no such release for this Python.
    """
    parsed = Requirement(requirement)
    (pin,) = resolver.resolve([requirement], now, dependencies=False).pins
    if pin.uploaded is None:
        return now
    floor = f"{parsed.name}>{pin.version}"
    after = releases(resolver, floor, pin.uploaded, now) if _has_newer(resolver, floor, now) else []
    end = min((one.uploaded for one in after if one.uploaded and one.uploaded > pin.uploaded), default=now)
    return _within_reign(pin.uploaded, end)


def moments_of(resolver: Resolver, package: str, now: datetime) -> dict[str, datetime]:
    """Return, for each release of a package that was the newest once, a moment as :func:`moment_of` does.

    Cost: one question to the index, where the older releases are known from earlier ones.
    """
    known = releases(resolver, package, _EVER, now)
    # The newest reigns until now; of a package that the index does not have there is none.
    ends = [*(pin.uploaded or now for pin in known[1:]), *([now] if known else [])]
    return {
        pin.version: _within_reign(pin.uploaded, end)
        for pin, end in zip(known, ends, strict=True)
        if pin.uploaded is not None
    }


def _within_reign(uploaded: datetime, end: datetime) -> datetime:
    return just_after(uploaded + min((end - uploaded) / _REIGN_SHARE, _LONGEST_WAIT))


def history(
    resolver: Resolver,
    requirements: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    packages: Sequence[str] = (),
    on_progress: Callable[[str], None] = lambda message: None,
) -> History:
    """Return every distinct stack that the requirements had between two moments.

    Parameters
    ----------
    packages
        Whose releases are followed; default: the packages that are required, and those of the stack that this project
        is about (catalyst, pennylane, lightning, jax, torch, numpy) where they are part of it.

    Raises
    ------
    UvError
        The index could not be asked.
    UsageError
        The requirements have no solution at any moment of the period.
    """
    if since >= until:
        raise UsageError(
            "there is no history to search",
            why=f"the period from {day_of(since)} to {day_of(until)} is empty",
            resolution="give --since an earlier date than --until",
        )
    newest = resolver.resolve(requirements, until)
    followed = _followed(requirements, newest, packages)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        on_progress(f"asking for the releases of {', '.join(followed)}")
        walks = pool.map(lambda requirement: releases(resolver, requirement, since, until), followed.values())
        uploads = {pin.uploaded for walk in walks for pin in walk if pin.uploaded and pin.uploaded >= since}
        moments = sorted({since, until, *(just_after(upload) for upload in uploads if just_after(upload) < until)})
        on_progress(f"resolving the stacks of {len(moments)} moments")
        resolved = list(pool.map(lambda moment: _resolved(resolver, requirements, moment), moments))
    candidates: list[Candidate] = []
    unresolvable = []
    for moment, stack in zip(moments, resolved, strict=True):
        if isinstance(stack, str):
            unresolvable.append((moment, stack))
        elif not candidates or candidates[-1].stack.digest != stack.digest:
            candidates.append(Candidate(moment, stack))
    if not candidates:
        raise UsageError("there is no history to search", why=unresolvable[0][1], resolution="relax the requirements")
    return History(tuple(candidates), tuple(followed), tuple(unresolvable))


def _resolved(resolver: Resolver, requirements: Sequence[str], moment: datetime) -> Stack | str:
    try:
        return resolver.resolve(requirements, moment)
    except UnresolvableError as error:
        return error.why


def _has_newer(resolver: Resolver, requirement: str, now: datetime) -> bool:
    return not isinstance(_resolved(resolver, [requirement], now), str)


def _followed(requirements: Sequence[str], newest: Stack, packages: Sequence[str]) -> dict[str, str]:
    """Map the packages to follow to the requirement that their releases have to meet."""
    required: dict[str, list[str]] = {}
    for text in requirements:
        parsed = Requirement(text)
        required.setdefault(canonicalize_name(parsed.name), []).append(f"{parsed.name}{parsed.specifier}")
    names: list[str]
    if packages:
        names = [canonicalize_name(name) for name in packages]
        absent = [name for name in names if newest.version(name) is None]
        if absent:
            raise UsageError(
                "a package cannot be followed",
                why=f"{', '.join(absent)} is not part of the stack",
                resolution=f"name some of {', '.join(newest.by_name)}",
            )
    else:
        names = [*required, *(name for name in STACK if newest.version(name) and name not in required)]
    return {name: required.get(name, [name])[0] for name in names}
