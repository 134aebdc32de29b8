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
    Observation,
    Parents,
    Result,
    ResultCache,
    Verdict,
    describe_environment,
    judge,
    run_all,
    run_finding,
)
from sharpbits.catalogue.lone import LONE
from sharpbits.catalogue.outcome import FAILURES
from sharpbits.errors import UsageError
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.history import moments_of, releases
from sharpbits.timetravel.matrix.document import Blank, Cell, Column, Matrix, Row
from sharpbits.timetravel.requests import of_release
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.uv import StackError, UnresolvableError

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
        hidden = str(self.environments.folder)
        interrupted = False
        for number, column in enumerate(wanted):
            if column.stack is None:
                continue
            # What a result depends on is known without building anything: so what is cached needs no environment.
            environment = replace(here, packages={pin.name: pin.version for pin in column.stack.pins})
            results = self._known(findings, environment)
            known = {result.finding.id for result in results}
            left = [_repeated(finding, self.repeats) for finding in findings if finding.id not in known]
            if left and not interrupted:
                self.on_column(column, len(findings))
                try:
                    ran, interrupted = self._run(left, column.stack, environment)
                    results += ran
                except KeyboardInterrupt:  # while the environment was built: what is known is worth telling
                    interrupted = True
                except StackError as error:
                    reasons[number] = f"{error.what}: {error.why}".replace(hidden, "…")
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

    def _known(self, findings: Sequence[Finding], environment: Environment) -> list[Result]:
        """Return the results of earlier runs; one of fewer runs than are asked for now does not count."""
        results = []
        for finding in findings:
            stored = None if self.fresh else self.cache.get(finding, environment)
            if stored is not None and len(stored) >= max(self.repeats, finding.table.repeats):
                results.append(Result(finding, judge(finding, environment, stored), stored, cached=True))
                self.on_cell(finding)
        return results

    def _run(self, findings: Sequence[Finding], stack: Stack, environment: Environment) -> tuple[list[Result], bool]:
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
                    altered=lambda: self.environments.damage(python),
                )

            return run_all(
                findings,
                run,
                environment=environment,
                jobs=self.jobs,
                stop=self.resolver.stop,
                on_end=lambda finding, result: self.on_cell(finding),
            )


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
        failures=tuple(sorted({_recognised_by(one) for one in result.observations if one.outcome in FAILURES})),
        **{name: getattr(worst, name, None) for name in _SHOWN_OF_WORST},
    )


def _recognised_by(failure: Observation) -> str:
    """Return what a row's ``match`` can recognise a failure by: a word that its text contains."""
    return failure.signal or (failure.exception or "").rpartition(".")[2]


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
