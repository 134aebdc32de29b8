"""Findings by releases: what each finding shows on each release of a package, with the dependencies of its day.

The matrix is plain JSON on disk, so that it can be stored, shipped, compared, and drawn without running anything.
Cost: one environment for each release (25 s and 1 GiB, once), then the catalogue's time for each; all of it cached by
the finding's content and the stack's.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from sharpbits.catalogue import (
    Environment,
    Finding,
    Parents,
    Result,
    ResultCache,
    Verdict,
    describe_environment,
    run_all,
    run_finding,
)
from sharpbits.catalogue.lone import LONE
from sharpbits.errors import UsageError
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.history import moments_of, releases
from sharpbits.timetravel.matrix.document import Blank, Cell, Column, Matrix, Row
from sharpbits.timetravel.requests import of_release
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.uv import UnresolvableError, UvError

#: What a cell takes over from the run that bites most.
_SHOWN_OF_WORST = ("signal", "exception", "error", "tolerance", "observed", "expected")

#: Whose releases are the columns for a component's findings, and what else its stack contains.
COLUMNS = {
    "catalyst": ("pennylane-catalyst", ("pennylane-catalyst", "pennylane", "pennylane-lightning", "numpy")),
    "lightning": ("pennylane-catalyst", ("pennylane-catalyst", "pennylane", "pennylane-lightning", "numpy")),
    "jax": ("jax", ("jax", "numpy")),
    "torch": ("torch", ("torch", "numpy")),
    **{package: (package, (package, *imported)) for package, imported in LONE.items()},
}


@dataclass(frozen=True)
class Planned:
    """What becomes a column: one release and the stack of its day."""

    release: Pin
    at: datetime
    #: None: it cannot be resolved, see ``untestable``.
    stack: Stack | None
    untestable: str | None = None


def chosen_releases(
    resolver: Resolver, package: str, wanted: Sequence[str], since: datetime | None, now: datetime
) -> list[str]:
    """Return versions of a package, oldest first.

    Parameters
    ----------
    wanted
        Versions, or specifiers such as ``">=0.12"``; empty: all that were the newest since ``since``.

    Raises
    ------
    UsageError
        One is neither a version nor a specifier; or nothing is chosen.
    """
    exact = [text for text in wanted if _is_version(text)]
    specifiers = [text for text in wanted if not _is_version(text)]
    found: set[str] = set(exact)
    if specifiers or not wanted:
        try:
            allowed = [SpecifierSet(text) for text in specifiers] or [SpecifierSet()]
        except InvalidSpecifier as error:
            raise UsageError(
                "releases cannot be chosen", why=str(error), resolution="give versions, or specifiers as '>=0.12'"
            ) from error
        start = since or datetime(2000, 1, 1, tzinfo=UTC)
        known = [pin for pin in releases(resolver, package, start, now) if since is None or _not_before(pin, since)]
        found |= {pin.version for pin in known if any(pin.version in one for one in allowed)}
    if not found:
        raise UsageError(
            "releases cannot be chosen",
            why=f"no release of {package} is meant",
            resolution="widen --releases or --since",
        )
    return sorted(found, key=Version)


def columns(resolver: Resolver, package: str, versions: Sequence[str], requirements: Sequence[str]) -> list[Planned]:
    """Resolve the stack of each release, as of a moment at which it was current.

    Raises
    ------
    UvError
        The index cannot be asked; there is no such release.
    """
    now = datetime.now(UTC)
    known = moments_of(resolver, package, now)
    found: list[Planned] = []
    for version in versions:
        pinned, moment = of_release(f"{package}=={version}", requirements, resolver, now, known)
        (release,) = resolver.resolve([f"{package}=={version}"], moment, dependencies=False).pins
        if any(one.release == release for one in found):
            continue  # 1.0 and 1.0.0 are one
        try:
            found.append(Planned(release, moment, resolver.resolve(pinned, moment)))
        except UnresolvableError as error:
            found.append(Planned(release, moment, None, error.why))
    return found


@dataclass(frozen=True)
class MatrixRun:
    """How the cells come about."""

    resolver: Resolver
    environments: EnvironmentCache
    cache: ResultCache
    jobs: int = 0
    fresh: bool = False
    on_column: Callable[[Planned, int], None] = lambda column, cells: None
    on_cell: Callable[[Finding], None] = lambda finding: None
    #: Least runs of each cell; a finding that asks for more has more.
    repeats: int = 1

    def fill(self, findings: Sequence[Finding], wanted: Sequence[Planned]) -> Matrix:
        """Run what is not known yet, and return the matrix.

        A column whose environment cannot be built is ``untestable``, with uv's reason.
        """
        here = describe_environment(self.resolver.target.interpreter)
        cells: dict[tuple[str, int], Cell] = {}
        reasons = [column.untestable for column in wanted]
        interrupted = False
        for number, column in enumerate(wanted):
            if column.stack is None or interrupted:
                continue
            self.on_column(column, len(findings))
            try:
                results, interrupted = self._column(findings, column.stack, here)
            except KeyboardInterrupt:  # while the environment was built: the other columns are worth telling
                interrupted = True
                continue
            except UvError as error:
                reasons[number] = f"{error.what}: {error.why}"
                continue
            hidden = str(self.environments.folder)
            cells |= {(result.finding.id, number): cell_of(result, hidden) for result in results}
        return Matrix(
            package=wanted[0].release.name if wanted else "",
            generated=datetime.now(UTC),
            python=here.python,
            cpu=here.cpu,
            cores=here.cores,
            platform=self.resolver.target.platform,
            columns=tuple(_column_of(release, reason) for release, reason in zip(wanted, reasons, strict=True)),
            rows=tuple(
                _row_of(
                    finding,
                    [cells.get((finding.id, number)) or _untestable(reason) for number, reason in enumerate(reasons)],
                )
                for finding in findings
            ),
            interrupted=interrupted,
        )

    def _column(self, findings: Sequence[Finding], stack: Stack, here: Environment) -> tuple[list[Result], bool]:
        # What a result depends on is known without building anything: so what is cached needs no environment.
        environment = replace(here, packages={pin.name: pin.version for pin in stack.pins})
        known = [finding for finding in findings if self._is_known(finding, environment)]
        results = [run_finding(finding, environment, cache=self.cache) for finding in known]
        left = [_repeated(finding, self.repeats) for finding in findings if finding not in known]
        for finding in known:
            self.on_cell(finding)
        if not left:
            return results, False
        target = self.resolver.target.interpreter
        with (
            self.environments.lease(stack, target, self.resolver.options, self.resolver.stop) as python,
            Parents() as parents,
        ):

            def run(finding: Finding, stop: threading.Event) -> Result:
                return run_finding(
                    finding,
                    environment,
                    python=python,
                    cache=self.cache,
                    fresh=True,
                    stop=stop,
                    parents=parents,
                )

            ran, interrupted = run_all(
                left,
                run,
                environment=environment,
                jobs=self.jobs,
                stop=self.resolver.stop,
                on_end=lambda finding, result: self.on_cell(finding),
            )
        return results + ran, interrupted

    def _is_known(self, finding: Finding, environment: Environment) -> bool:
        """Tell whether it ran there as often as is asked for now: a result of fewer runs says less."""
        stored = None if self.fresh else self.cache.get(finding, environment)
        return stored is not None and len(stored) >= max(self.repeats, finding.table.repeats)


def _repeated(finding: Finding, repeats: int) -> Finding:
    table = finding.table.model_copy(update={"repeats": max(repeats, finding.table.repeats)})
    return replace(finding, table=table)


def cell_of(result: Result, hidden: str) -> Cell:
    """Return what a cell says of one result; a path that is ``hidden`` (where environments lie) is left out of it."""
    worst = result.worst
    ranked = sorted((observation.outcome for observation in result.observations), key=lambda one: one.rank)
    return Cell(
        outcome=Blank.BROKEN if result.verdict is Verdict.BROKEN else result.judgement.outcome,
        verdict=result.verdict,
        seen=result.judgement.seen,
        documented=result.judgement.documented,
        detail=((worst and worst.detail) or result.judgement.message).replace(hidden, "…"),
        seconds=round(result.seconds, 1),
        tally=dict(Counter(ranked)),
        **{name: getattr(worst, name, None) for name in _SHOWN_OF_WORST},
    )


def _untestable(reason: str | None) -> Cell:
    return Cell(Blank.UNTESTABLE, None, seen="", documented=(), detail=reason or "not run")


def _column_of(planned: Planned, reason: str | None) -> Column:
    stack = planned.stack
    return Column(
        release=planned.release.version,
        at=planned.at,
        uploaded=planned.release.uploaded,
        versions={pin.name: pin.version for pin in stack.pins} if stack else {},
        digest=stack.digest if stack else None,
        untestable=reason,
    )


def _row_of(finding: Finding, cells: Sequence[Cell]) -> Row:
    table = finding.table
    return Row(
        id=finding.id,
        digest=finding.digest,
        component=table.component,
        title=table.title,
        workaround=table.workaround,
        instead=table.instead,
        summary=" ".join(table.summary.split()),
        oracle=" ".join(table.oracle.split()),
        upstream=tuple(table.upstream),
        cells=tuple(cells),
    )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _not_before(pin: Pin, since: datetime) -> bool:
    return pin.uploaded is None or pin.uploaded >= since
