"""A comparison of two runs for the terminal, as Markdown (for a pull request), and as one self-contained HTML page."""

from __future__ import annotations

import base64
import io
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from sharpbits.errors import UsageError
from sharpbits.gate.comparison import Change, Row, package_changes, relative_times
from sharpbits.gate.storage import STORED, StoredRun
from sharpbits.report.html import own_text, policy_hash, templates

_STYLE = {
    Change.SLOWER: "bold red",
    Change.MISSING: "bold red",
    Change.INCOMPARABLE: "bold red",
    Change.FASTER: "green",
    Change.SAME: "dim",
    Change.NEW: "cyan",
}


@dataclass(frozen=True)
class GateReport:
    """What a gate has to say: the rows, the claims that did not hold, and where the figures come from."""

    reference: StoredRun
    new: StoredRun
    rows: Sequence[Row]
    history: Sequence[StoredRun] = ()

    @property
    def fails(self) -> bool:
        """Whether something became slower, went missing, or no longer keeps its claim."""
        return any(row.change.fails for row in self.rows) or bool(self.broken_claims)

    @property
    def broken_claims(self) -> dict[str, str]:
        """Benchmarks of the new run whose own claim is not proven, and how they stand."""
        return {
            name: f"{claim['verdict']}: {claim['speedup']:.3g} times as fast, claimed at least {claim['at_least']:g}"
            for name, claim in self._claims().items()
            if claim["verdict"] == "fails"
        }

    @property
    def undecided_claims(self) -> list[str]:
        """Benchmarks of the new run whose claim could be neither proven nor disproven."""
        return [name for name, claim in self._claims().items() if claim["verdict"] == "undecided"]

    def _claims(self) -> dict[str, dict[str, Any]]:
        stored = {name: one.get("extra_info", {}).get(STORED) for name, one in self.new.benchmarks.items()}
        return {name: claim for name, claim in stored.items() if claim}

    def counts(self) -> str:
        """Count the rows by what became of them."""
        counted = {change: sum(row.change is change for row in self.rows) for change in Change}
        return ", ".join(f"{count} {change}" for change, count in counted.items() if count) or "nothing to compare"


def as_table(report: GateReport) -> Table:
    """Lay the rows out for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("change", "benchmark", "factor", "allowed", "p", "measure"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "benchmark")
    for row in report.rows:
        table.add_row(Text(str(row.change), style=_STYLE[row.change]), row.name, *_cells(row))
    return table


def as_markdown(report: GateReport) -> str:
    """Write the report as GitHub-flavoured Markdown."""
    lines = [
        f"### Performance gate: {'**failed**' if report.fails else 'passed'} ({report.counts()})",
        "",
        "| change | benchmark | factor | allowed | p | measure |",
        "|---|---|---:|---:|---:|---|",
    ]
    lines += [f"| {row.change} | `{row.name}` | {' | '.join(_cells(row))} |" for row in report.rows]
    lines += [f"\nClaim does not hold: `{name}` {how}" for name, how in report.broken_claims.items()]
    lines += [f"\nClaim undecided: `{name}`" for name in report.undecided_claims]
    changes = package_changes(report.reference, report.new)
    if changes:
        told = ", ".join(f"{name} {old or 'absent'} → {new or 'absent'}" for name, (old, new) in changes.items())
        lines += ["", f"Packages that differ: {told}"]
    return "\n".join([*lines, ""])


def as_html(report: GateReport) -> str:
    """Write the report as one page without outside references, with a plot of each benchmark's history."""
    runs = sorted({run.when: run for run in (*report.history, report.reference, report.new)}.items())
    style = own_text("sharpbits.gate", "gate.css")
    return (
        templates("sharpbits.gate")
        .get_template("gate.html")
        .render(
            style=style,
            style_hash=policy_hash(style),
            report=report,
            rows=[(row, _cells(row)) for row in report.rows],
            changes=package_changes(report.reference, report.new),
            plots={row.name: _history_plot(row.name, [run for _, run in runs]) for row in report.rows},
        )
    )


def _cells(row: Row) -> list[str]:
    if row.factor is None:
        return ["", "", "", ""]
    return [f"{row.factor:.3f}", f"{row.threshold:.2f}", f"{row.p_value:.2g}", row.measure]


def _history_plot(name: str, runs: Sequence[StoredRun]) -> str | None:
    """Plot median and quartiles of one benchmark over the stored runs, as a data address; None without figures."""
    import matplotlib
    from matplotlib.figure import Figure

    points = []
    relative = all(relative_times(run.benchmarks[name]) for run in runs if name in run.benchmarks)
    for run in runs:
        if name in run.benchmarks:
            one = run.benchmarks[name]
            samples = (relative_times(one) if relative else None) or one["stats"]["data"]
            if len(samples) == 1:
                raise UsageError(
                    "the history cannot be drawn",
                    why=f"{name} has a single time, which has no quartiles",
                    resolution="store a run with more rounds, or leave out --html",
                    path=run.path,
                )
            if all(math.isfinite(time) for time in samples):
                points.append((run.when[:16].replace("T", "\n"), *statistics.quantiles(samples, n=4)))
    if not points:
        return None
    labels, low, middle, high = zip(*points, strict=True)
    # Text stays text, and the same figures give the same file.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure = Figure(figsize=(6, 2.2), layout="constrained")
        axes = figure.add_subplot()
        below = [m - lo for m, lo in zip(middle, low, strict=True)]
        above = [hi - m for m, hi in zip(middle, high, strict=True)]
        axes.errorbar(range(len(points)), middle, yerr=(below, above), marker="o", capsize=3)
        axes.set_xticks(range(len(points)), labels, fontsize=7)
        axes.set_ylabel("time / peer's time" if relative else "seconds")
        axes.set_ylim(bottom=0)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
