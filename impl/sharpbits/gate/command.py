"""What ``sharpbits gate`` does: get the new figures, compare them with the reference, report, exit status."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sharpbits.console import console
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_targets, write_atomically
from sharpbits.gate.comparison import DEFAULT_FACTOR, compare_runs
from sharpbits.gate.report import GateReport, as_html, as_markdown, as_table
from sharpbits.gate.storage import StoredRun, load_run


@dataclass(frozen=True)
class GateRequest:
    """The options of one ``gate``."""

    against: Path
    new: Path | None = None
    factor: float = DEFAULT_FACTOR
    thresholds: Sequence[str] = ()
    cross_machine: bool = False
    strict: bool = False
    markdown: Path | None = None
    html: Path | None = None
    history: Sequence[Path] = field(default=())


def run_gate(request: GateRequest) -> int:
    """Compare, report, and return the exit status.

    0: passed; 1: something is slower, missing or incomparable, or a claim does not hold; 2: a report could not be
    written.
    """
    check_targets(
        {"--markdown": request.markdown, "--html": request.html},
        "the comparison cannot be written",
        inputs=[request.against, request.new, *request.history],
    )
    thresholds = dict(_threshold(text) for text in request.thresholds)
    if not 1 <= request.factor < math.inf:
        raise UsageError(
            "the gate cannot be held", why=f"--factor is {request.factor}", resolution="use a number of 1 or more"
        )
    reference = load_run(request.against)
    new = load_run(request.new) if request.new is not None else _measure()
    rows = compare_runs(
        reference, new, factor=request.factor, thresholds=thresholds, cross_machine=request.cross_machine
    )
    report = GateReport(reference, new, rows, [run for path in request.history for run in _history(path)])
    # Before anything is printed: what cannot be drawn is refused as a whole.
    page = as_html(report) if request.html is not None else ""
    unwritten = _write({request.markdown: as_markdown(report), request.html: page})
    target = console()
    target.print(as_table(report))
    for name, how in report.broken_claims.items():
        target.print(f"claim does not hold: {name} {how}", markup=False, style="bold red", soft_wrap=True)
    for name in report.undecided_claims:
        target.print(f"claim undecided: {name}", markup=False, style="yellow", soft_wrap=True)
    failed = report.fails or (request.strict and bool(report.undecided_claims))
    target.print(f"gate {'failed' if failed else 'passed'}: {report.counts()}", markup=False)
    for error in unwritten:
        sys.stderr.write(f"sharpbits: {error}\n")
    return 2 if unwritten else int(failed)


def _write(reports: Mapping[Path | None, str]) -> list[SharpbitsError]:
    """Write what was asked for; return what could not be written: the rest is, and the table is still printed."""
    failures = []
    for path, content in reports.items():
        if path is not None:
            try:
                write_atomically(path, content)
            except SharpbitsError as error:
                failures.append(error)
    return failures


def _measure() -> StoredRun:
    """Run the gates here, serially; their own claims are judged from what they store."""
    with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
        stored = Path(folder) / "run.json"
        command = [sys.executable, "-m", "pytest", "perf", "-p", "no:xdist", f"--benchmark-json={stored}"]
        ended = subprocess.run(command, stdout=sys.stderr, check=False)
        if ended.returncode not in (0, 1) or not stored.exists():
            raise SharpbitsError(
                "the gates could not be run",
                why=f"`pytest perf` ended with status {ended.returncode}",
                resolution="run it by hand where the folder perf/ is, or give a stored run",
            )
        return load_run(stored)


def _threshold(text: str) -> tuple[str, float]:
    name, separator, number = text.rpartition("=")
    try:
        factor = float(number)
    except ValueError:
        factor = 0.0
    if not separator or not 1 <= factor < math.inf:
        raise UsageError(
            "a threshold cannot be read", why=repr(text), resolution="write --threshold NAME=FACTOR, FACTOR at least 1"
        )
    return name, factor


def _history(path: Path) -> list[StoredRun]:
    """Load a stored run, or all those below a folder such as pytest-benchmark's .benchmarks."""
    return [load_run(file) for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
