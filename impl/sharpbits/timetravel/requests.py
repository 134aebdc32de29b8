"""From the options of the command line to requirements, moments and stacks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sharpbits.catalogue import Finding
from sharpbits.catalogue.lone import LONE
from sharpbits.errors import UsageError
from sharpbits.timetravel.dates import cutoff
from sharpbits.timetravel.history import moment_of
from sharpbits.timetravel.lock import read_lock
from sharpbits.timetravel.resolution import Resolver, Target
from sharpbits.timetravel.stack import Stack
from sharpbits.timetravel.uv import IndexOptions

#: What `sharpbits stack` resolves where nothing else is asked for.
DEFAULT_REQUIREMENTS = ("pennylane-catalyst", "pennylane", "pennylane-lightning", "numpy")
_NONE: Mapping[str, datetime] = MappingProxyType({})


@dataclass(frozen=True)
class Source:
    """Where stacks come from: the Python, the indexes, the pre-releases that are wanted."""

    python: Path | None = None
    default_index: str | None = None
    extra_index: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    offline: bool = False
    torch: str | None = None
    #: Packages of which pre-releases count too; ``"all"`` for every package.
    pre: tuple[str, ...] = ()
    #: Canonical names of the packages that are installed without what their own metadata requires.
    alone: frozenset[str] = frozenset(LONE)

    def and_alone(self, findings: Iterable[Finding]) -> Source:
        """Return this source, with the packages that these findings want without dependencies."""
        needs = (need for finding in findings for need in finding.table.without_dependencies)
        return replace(self, alone=self.alone.union(canonicalize_name(need.name) for need in needs))

    @property
    def options(self) -> IndexOptions:
        """What is passed on to uv."""
        return IndexOptions(self.default_index, self.extra_index, self.find_links, self.offline, self.torch, self.pre)

    def resolver(self, stop: threading.Event) -> Resolver:
        """Return a resolver for this Python and these indexes, which gives up once ``stop`` is set.

        Raises
        ------
        UsageError
            The interpreter cannot be run.
        """
        return Resolver(Target.of(self.python or Path(sys.executable)), self.options, stop=stop, alone=self.alone)

    def requirements(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Check requirements.

        Raises
        ------
        UsageError
            One is not a PEP 508 requirement.
        """
        for text in wanted:
            try:
                Requirement(text)
            except InvalidRequirement as error:
                raise UsageError(
                    "a requirement cannot be read",
                    why=f"{text!r}: {str(error).splitlines()[0]}",
                    resolution="write it as 'name', 'name>=1.2' or 'name==1.2'",
                ) from error
        return tuple(wanted)


@dataclass(frozen=True)
class When:
    """Which stack: of a date, of a release, the newest, or one from a file. Exactly one is given."""

    at: str | None = None
    release: str | None = None
    latest: bool = False
    file: Path | None = None


def find_stack(when: When, wanted: Sequence[str], source: Source, stop: threading.Event) -> tuple[Stack, Resolver]:
    """Return the stack that was asked for, and the resolver that found it.

    Raises
    ------
    UsageError
        None of the four ways to name a stack is given, or several; or one that cannot be read.
    UvError
        It cannot be resolved.
    """
    given = [name for name in ("at", "release", "latest", "file") if getattr(when, name)]
    if len(given) != 1:
        raise UsageError(
            "it is not clear which stack is meant",
            why=f"{' and '.join('--' + name for name in given)} are given" if given else "nothing says which",
            resolution="give one of --at DATE, --release NAME==VERSION, --latest, --file LOCK",
        )
    resolver = source.resolver(stop)
    if when.file is not None:
        return read_lock(when.file, python=resolver.target.python, platform=resolver.target.platform), resolver
    requirements = source.requirements(wanted or DEFAULT_REQUIREMENTS)
    now = datetime.now(UTC)
    if when.release:
        requirements, moment = of_release(when.release, requirements, resolver, now)
    else:
        moment = cutoff(when.at) if when.at else now
    return resolver.resolve(requirements, moment), resolver


def of_release(
    release: str, requirements: Sequence[str], resolver: Resolver, now: datetime, known: Mapping[str, datetime] = _NONE
) -> tuple[tuple[str, ...], datetime]:
    """Return requirements that pin a release, and a moment at which it was current.

    Parameters
    ----------
    known
        Such moments by version, where the caller has them already.

    Raises
    ------
    UsageError
        It is no exact release (``name==version``), or one that a requirement excludes.
    """
    try:
        parsed = Requirement(release)
        exact = [one.version for one in parsed.specifier if one.operator == "==" and not one.version.endswith("*")]
    except InvalidRequirement:
        exact = []
    if len(exact) != 1:
        raise UsageError(
            "a release cannot be read",
            why=f"{release!r} is not NAME==VERSION",
            resolution="write it as pennylane-catalyst==0.14.0",
        )
    name = canonicalize_name(parsed.name)
    others = []
    for text in requirements:
        wanted = Requirement(text)
        if canonicalize_name(wanted.name) != name:
            others.append(text)
        elif not wanted.specifier.contains(exact[0], prereleases=True) and (
            not wanted.marker or wanted.marker.evaluate()
        ):
            raise UsageError(
                "there is no such stack",
                why=f"--release {release} and --with {text!r} exclude each other",
                resolution="leave out one of them",
            )
        elif wanted.extras:
            others.append(text)
    moment = known.get(exact[0]) or moment_of(resolver, f"{name}=={exact[0]}", now)
    return (*others, f"{name}=={exact[0]}"), moment
