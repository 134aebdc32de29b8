"""What ``sharpbits watch`` does: the newest releases, the whole catalogue, and a bisection of whatever changed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sharpbits.catalogue import (
    Catalogue,
    Environment,
    Finding,
    Parents,
    Result,
    Verdict,
    describe_environment,
    run_all,
    run_finding,
)
from sharpbits.console import console
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_folder, check_targets, write_all, write_atomically
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.report.machine import as_json
from sharpbits.report.page import as_page
from sharpbits.report.terminal import print_report
from sharpbits.timetravel.bisect_command import BisectRequest, run_bisect
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.lock import write_lock
from sharpbits.timetravel.matrix.run import COLUMNS
from sharpbits.timetravel.requests import Source

_UNWRITABLE = "the reports cannot be written"


@dataclass(frozen=True)
class WatchRequest:
    """The options of one ``watch``."""

    component: str
    reports: Path
    source: Source = field(default_factory=Source)
    jobs: int = 0


def run_watch(catalogue: Catalogue, request: WatchRequest) -> int:
    """Run the component's findings on its newest stack; bisect each that changed and write the report.

    In the folder ``reports``: ``stack.txt`` (the lock), ``check.json``, ``check.html``, and for each change a report to
    paste upstream. Exit status 0: as documented; 1: something changed (or is broken).

    Raises
    ------
    UsageError
        Unknown component; the reports cannot be written.
    UvError
        The newest stack cannot be resolved or built.
    """
    if request.component not in COLUMNS:
        raise UsageError(
            "there is nothing to watch",
            why=f"the component {request.component!r} has no releases",
            resolution=f"use one of {', '.join(COLUMNS)}",
        )
    _, requirements = COLUMNS[request.component]
    findings = [one for one in catalogue.findings if one.table.component == request.component]
    check_folder(request.reports, _UNWRITABLE)
    lock, document, page = (request.reports / name for name in ("stack.txt", "check.json", "check.html"))
    check_targets({str(path): path for path in (lock, document, page)} if request.reports.is_dir() else {}, _UNWRITABLE)
    request.reports.mkdir(parents=True, exist_ok=True)
    try:
        with interruptible() as stop:
            resolver = request.source.and_alone(findings).resolver(stop)
            stack = resolver.resolve(request.source.requirements(requirements), datetime.now(UTC))
            write_lock(stack, lock)
            interpreter = resolver.target.interpreter
            cache = EnvironmentCache.default()
            with cache.lease(stack, interpreter, request.source.options, stop) as python:
                environment = describe_environment(python)
                stop.quieten()
                results, interrupted = _check(
                    findings, environment, python, request.jobs, stop, lambda: cache.damage(python)
                )
            broken = [error for error in catalogue.broken if error.path.parent.name == request.component]
            unwritten = write_all(
                [
                    (document, lambda: as_json(results, environment, broken=broken, interrupted=interrupted)),
                    (page, lambda: as_page(results, environment, broken=broken, interrupted=interrupted)),
                ],
                partial=interrupted,
            )
            print_report(console(), results, environment, broken=broken)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before the reports were written\n")
        return INTERRUPTED
    for error in unwritten:
        sys.stderr.write(f"sharpbits: {error}\n")
    if interrupted:
        sys.stderr.write(f"interrupted: {len(findings) - len(results)} of {len(findings)} findings did not finish\n")
        return INTERRUPTED
    for result in results:
        if result.verdict is Verdict.CHANGED and _bisect(catalogue, result, request) == INTERRUPTED:
            return INTERRUPTED
    if unwritten:
        return 2
    return 1 if broken or any(result.verdict.fails for result in results) else 0


def _check(
    findings: Sequence[Finding],
    environment: Environment,
    python: Path,
    jobs: int,
    stop: threading.Event,
    altered: Callable[[], str],
) -> tuple[list[Result], bool]:
    """Run them all anew: a nightly run is there to see what is, not what was."""
    with Parents() as parents:

        def run(finding: Finding, stop: threading.Event) -> Result:
            return run_finding(
                finding, environment, python=python, fresh=True, stop=stop, parents=parents, altered=altered
            )

        return run_all(findings, run, environment=environment, jobs=jobs, stop=stop)


def _bisect(catalogue: Catalogue, result: Result, request: WatchRequest) -> int:
    """Bisect one change. Where that cannot be done the reason is told, and the others still are."""
    name = result.finding.id
    report = request.reports / f"{name.replace('/', '-')}.md"
    try:
        return run_bisect(catalogue, BisectRequest(name=name, source=request.source, report=report))
    except SharpbitsError as error:
        write_atomically(report, f"# {result.finding.table.title}\n\n{result.judgement.message}\n\n```\n{error}\n```\n")
        sys.stderr.write(f"{name} changed and could not be bisected: {error}\n")
        return 1
