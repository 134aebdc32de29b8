"""What ``sharpbits matrix`` does: choose releases, fill the cells, print and write."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sharpbits.catalogue import Catalogue, ResultCache, select
from sharpbits.console import console
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_targets, write_all
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.timetravel.dates import cutoff
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.matrix.document import Matrix
from sharpbits.timetravel.matrix.page import matrix_page
from sharpbits.timetravel.matrix.picture import matrix_picture
from sharpbits.timetravel.matrix.run import COLUMNS, MatrixRun, Planned, chosen_releases, columns
from sharpbits.timetravel.matrix.table import counts, matrix_table
from sharpbits.timetravel.requests import Source


@dataclass(frozen=True)
class MatrixRequest:
    """The options of one ``matrix``."""

    component: str = "catalyst"
    expression: str | None = None
    releases: tuple[str, ...] = ()
    since: str | None = None
    source: Source = field(default_factory=Source)
    jobs: int = 0
    fresh: bool = False
    repeats: int = 1
    output: Path | None = None
    html: Path | None = None
    picture: Path | None = None


def run_matrix(catalogue: Catalogue, request: MatrixRequest) -> int:
    """Fill the matrix, print it, and return the exit status: 1 when a cell is not as documented.

    Raises
    ------
    UsageError
        Unknown component; no finding or release is meant; a report's folder does not exist.
    UvError
        The index cannot be asked.
    """
    _check(request)
    package, requirements = COLUMNS[request.component]
    # What shares a package's releases shares a matrix: lightning's findings stand with catalyst's.
    together = [name for name, (whose, _) in COLUMNS.items() if whose == package]
    chosen = select(catalogue, expression=request.expression, component=None)
    findings = [one for one in chosen.findings if one.table.component in together]
    if not findings:
        raise UsageError(
            "there is no matrix to fill", why="no finding is selected", resolution="see `sharpbits check --list`"
        )
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console(stderr=True), transient=True,
    )  # fmt: skip
    try:
        with interruptible() as stop:
            with progress:
                resolver = request.source.and_alone(findings).resolver(stop)
                task = progress.add_task("resolving")
                now = datetime.now(UTC)
                since = cutoff(request.since) if request.since else None
                wanted = source_releases(request, package)
                versions = chosen_releases(resolver, package, wanted, since, now)
                listed = columns(resolver, package, versions, request.source.requirements(requirements))
                progress.update(task, total=len(findings) * len(listed))

                def begun(column: Planned, cells: int) -> None:
                    progress.update(task, description=f"{package} {column.release.version}")

                run = MatrixRun(
                    resolver,
                    EnvironmentCache.default(),
                    ResultCache(),
                    request.jobs,
                    request.fresh,
                    begun,
                    lambda finding: progress.advance(task),
                    request.repeats,
                )
                stop.quieten()
                matrix = run.fill(findings, listed)
            unwritten = _write(matrix, request)
    except KeyboardInterrupt:
        matrix, unwritten = None, []
    for error in unwritten:
        sys.stderr.write(f"sharpbits: {error}\n")
    if matrix is None or matrix.interrupted:
        sys.stderr.write("interrupted: what was finished is kept, the same command goes on\n")
        return INTERRUPTED
    return 2 if unwritten else int(any(cell.not_as_documented for cell in matrix.cells))


def source_releases(request: MatrixRequest, package: str) -> tuple[str, ...]:
    """Split ``--releases 0.11.0,0.12.0`` at its commas; a specifier keeps its own (``>=0.12,<0.15``)."""
    found: list[str] = []
    for text in request.releases:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if any(part[0] in "<>=!~" for part in parts):
            found.append(",".join(parts))
        else:
            found += [part.removeprefix(f"{package}==") for part in parts]
    return tuple(found)


def _check(request: MatrixRequest) -> None:
    if request.component not in COLUMNS:
        raise UsageError(
            "there is no matrix to fill",
            why=f"the component {request.component!r} has no releases to travel through",
            resolution=f"use one of {', '.join(COLUMNS)}",
        )
    targets = {"--output": request.output, "--html": request.html, "--picture": request.picture}
    check_targets(targets, "the matrix cannot be written")


def _write(matrix: Matrix, request: MatrixRequest) -> list[SharpbitsError]:
    """Write every form that was asked for, then the table; return what could not be written."""
    failures = write_all(
        [
            (request.output, matrix.as_json),
            (request.html, lambda: matrix_page(matrix)),
            (request.picture, lambda: matrix_picture(matrix)),
        ],
        partial=matrix.interrupted,
    )
    target = console()
    target.print(matrix_table(matrix))
    target.print(counts(matrix), soft_wrap=True)
    return failures
