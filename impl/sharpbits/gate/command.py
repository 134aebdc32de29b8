"""What ``sharpbits gate`` does: get the new figures, compare them with the reference, report, exit status."""

from __future__ import annotations

import math
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sharpbits.catalogue.process import run_attached
from sharpbits.console import console
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_targets, write_all
from sharpbits.gate.comparison import DEFAULT_FACTOR, compare_runs
from sharpbits.gate.report import GateReport, as_html, as_markdown, as_table
from sharpbits.gate.storage import StoredRun, load_run
from sharpbits.interruption import INTERRUPTED, interruptible


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
    written; 130: interrupted while the gates ran.
    """
    older = [file for path in request.history for file in _runs_in(path)]
    check_targets(
        {"--markdown": request.markdown, "--html": request.html},
        "the comparison cannot be written",
        inputs=[request.against, request.new, *older],
    )
    thresholds = dict(_threshold(text) for text in request.thresholds)
    if not 1 <= request.factor < math.inf:
        raise UsageError(
            "the gate cannot be held", why=f"--factor is {request.factor}", resolution="use a number of 1 or more"
        )
    reference = load_run(request.against)
    history = [load_run(file) for file in older]
    if request.new is not None:
        new = load_run(request.new)
    else:
        try:
            with interruptible() as stop:
                new = _measure(stop)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted: nothing was compared\n")
            return INTERRUPTED
    rows = compare_runs(
        reference, new, factor=request.factor, thresholds=thresholds, cross_machine=request.cross_machine
    )
    report = GateReport(reference, new, rows, history)
    # Before anything is printed: what cannot be drawn is refused as a whole.
    page = as_html(report) if request.html is not None else ""
    unwritten = write_all([(request.markdown, lambda: as_markdown(report)), (request.html, lambda: page)])
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


def _measure(stop: threading.Event) -> StoredRun:
    """Run the gates here, serially; their own claims are judged from what they store."""
    with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
        stored = Path(folder) / "run.json"
        command = [sys.executable, "-m", "pytest", "perf", "-p", "no:xdist", f"--benchmark-json={stored}"]
        sys.stderr.flush()
        status = run_attached(command, cwd=Path.cwd(), variables=os.environ, stop=stop)
        if status not in (0, 1) or not stored.exists():
            raise SharpbitsError(
                "the gates could not be run",
                why=f"`pytest perf` ended with status {status}",
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


def _runs_in(path: Path) -> list[Path]:
    """Return the file itself, or all stored runs below a folder such as pytest-benchmark's .benchmarks."""
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]
