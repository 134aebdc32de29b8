"""The command of the performance gates: ``gate``. Only typer is imported before it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sharpbits.extras import needs_extra


def register_gate(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(gate)


def gate(
    against: Annotated[Path, typer.Option(metavar="REF.json", help="The stored run to compare with.")],
    new: Annotated[
        Path | None, typer.Argument(metavar="[NEW.json]", help="A stored run; without it `pytest perf` is run here.")
    ] = None,
    factor: Annotated[float, typer.Option(help="How many times slower is still the same.")] = 1.05,
    threshold: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FACTOR", help="Another factor for one benchmark; repeatable.")
    ] = None,
    cross_machine: Annotated[
        bool, typer.Option("--cross-machine", help="Compare figures of two machines: ratios to a peer only.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="An undecided claim fails.")] = False,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write Markdown.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write an HTML page with history.")] = None,
    history: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Older stored runs to plot; repeatable.")
    ] = None,
) -> None:
    """Hold a run of the performance gates against a reference: exit status 1 when something got slower or missing.

    Store a run with `pytest perf --benchmark-json=FILE`.
    """
    with needs_extra("the gate cannot be held", "perf"):
        from sharpbits.gate.command import GateRequest, run_gate

    request = GateRequest(
        against=against,
        new=new,
        factor=factor,
        thresholds=threshold or (),
        cross_machine=cross_machine,
        strict=strict,
        markdown=markdown,
        html=html,
        history=history or (),
    )
    raise typer.Exit(run_gate(request))
