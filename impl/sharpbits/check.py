"""What ``sharpbits check`` does: select, run side by side with progress, report, and say so in the exit status."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sharpbits.catalogue import (
    Catalogue,
    Environment,
    Finding,
    Parents,
    Result,
    ResultCache,
    describe_environment,
    run_all,
    run_finding,
    select,
    side_by_side,
)
from sharpbits.catalogue.environment import altered_since
from sharpbits.catalogue.staleness import stale_parts
from sharpbits.console import console
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_targets, shown_path, write_all, write_atomically
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.report.plain_text import printable
from sharpbits.report.terminal import print_report


@dataclass(frozen=True)
class Request:
    """The options of one ``check``."""

    expression: str | None = None
    component: str | None = None
    list_only: bool = False
    #: A line for every finding, also where several are of one family, or cannot run here for one reason.
    all: bool = False
    as_json: bool = False
    output: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    fresh: bool = False
    isolated: bool = False
    jobs: int = 0
    python: Path | None = None


def run_check(catalogue: Catalogue, request: Request) -> int:
    """Run the selected findings, report, and return the exit status.

    Raises
    ------
    UsageError
        Nothing is selected, or a report cannot be written: told before anything runs.
    """
    check_targets(
        {"--output": request.output, "--junit": request.junit, "--html": request.html}, "the report cannot be written"
    )
    selected = select(catalogue, expression=request.expression, component=request.component)
    if request.list_only:
        return _list(selected, request)
    for complaint in _stale(catalogue, selected):
        sys.stderr.write(f"stale: {complaint}\n")
    try:
        with interruptible() as stop:
            environment = describe_environment(request.python)
            stop.quieten()
            results, interrupted = _run(selected.findings, environment, request, stop)
            unwritten = _write(selected, results, environment, request, interrupted=interrupted)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before the report was written\n")
        return INTERRUPTED
    for error in unwritten:
        sys.stderr.write(f"sharpbits: {error}\n")
    if interrupted:
        total = len(selected.findings)
        sys.stderr.write(f"interrupted: {total - len(results)} of {total} findings did not finish\n")
        return INTERRUPTED
    if unwritten:
        return 2
    return 1 if selected.broken or any(result.verdict.fails for result in results) else 0


def _list(selected: Catalogue, request: Request) -> int:
    """Say which findings there are."""
    if request.junit is not None or request.html is not None:
        raise UsageError(
            "the report cannot be written",
            why="--list runs nothing, and --junit and --html report results",
            resolution="leave out --list, or use --json or --output",
        )
    if request.as_json or request.output is not None:
        from sharpbits.report.machine import list_as_json

        document = list_as_json(selected.findings, broken=selected.broken)
        if request.output is not None:
            write_atomically(request.output, document)
        if request.as_json:
            sys.stdout.write(document)
            return 0
    for finding in selected.findings:
        sys.stdout.write(f"{finding.id}  {printable(finding.table.title)}\n")
    for error in selected.broken:
        sys.stderr.write(f"broken {shown_path(error.path)}:{error.line}: {printable(' '.join(error.why.split()))}\n")
    return 0


def _stale(catalogue: Catalogue, selected: Catalogue) -> list[str]:
    """Return what the selected findings document and does not exist."""
    known = {finding.id for finding in catalogue.findings}
    return [printable(one) for finding in selected.findings for one in stale_parts(finding, known)]


def _run(
    findings: Sequence[Finding], environment: Environment, request: Request, stop: threading.Event
) -> tuple[list[Result], bool]:
    cache = ResultCache()
    # Those that only wait run beside the others, and are not named while others work.
    jobs = request.jobs or side_by_side(findings)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
    )
    running: dict[str, None] = {}

    def refresh() -> None:
        progress.update(task, description=", ".join(list(running)[:jobs]) or "checking")

    def started(finding: Finding) -> None:
        running[finding.id] = None
        refresh()

    def ended(finding: Finding, result: Result | None) -> None:
        running.pop(finding.id, None)
        progress.advance(task)
        refresh()

    task = progress.add_task("checking", total=len(findings))
    with progress, Parents() as parents:

        def run(finding: Finding, stop: threading.Event) -> Result:
            return run_finding(
                finding,
                environment,
                python=request.python,
                cache=cache,
                fresh=request.fresh,
                stop=stop,
                parents=None if request.isolated else parents,
                altered=lambda: altered_since(environment, request.python),
            )

        return run_all(findings, run, environment=environment, jobs=jobs, stop=stop, on_start=started, on_end=ended)


def _write(
    catalogue: Catalogue,
    results: Sequence[Result],
    environment: Environment,
    request: Request,
    *,
    interrupted: bool,
) -> list[SharpbitsError]:
    """Write every report that was asked for, then the table; return what could not be written: the others could."""
    from sharpbits.report.junit import as_junit
    from sharpbits.report.machine import as_json

    broken = catalogue.broken
    document = as_json(results, environment, broken=broken, interrupted=interrupted)

    def page() -> str:
        from sharpbits.report.page import as_page

        return as_page(results, environment, broken=broken, interrupted=interrupted)

    failures = write_all(
        [
            (request.output, lambda: document),
            (request.junit, lambda: as_junit(results, environment, broken=broken, interrupted=interrupted)),
            (request.html, page),
        ],
        partial=interrupted,
    )
    if request.as_json:
        sys.stdout.write(document)
    else:
        print_report(console(), results, environment, broken=broken, every=request.all)
    return failures
