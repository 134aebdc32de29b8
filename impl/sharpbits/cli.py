"""The command line: ``sharpbits check`` and the commands around it.

``cli_timetravel`` and ``cli_classifier`` have the others. Only typer is imported here; each command imports what it
needs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sharpbits.cli_classifier import register_classifier
from sharpbits.cli_options import Findings, Name, Python, catalogue_of, needs_extra
from sharpbits.cli_timetravel import register_timetravel

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich alone costs a third of the time that --help may take
    help="Which documented sharp bits of Catalyst, Lightning, JAX and torch.compile bite on this machine?",
)


@app.callback()
def _root() -> None:
    """Without this, a single command would swallow its name."""


@app.command()
def check(
    expression: Annotated[
        str,
        typer.Option(
            "-k", metavar="EXPR", help="Only findings whose id or title matches, e.g. 'lax_map and not value'."
        ),
    ] = "",
    component: Annotated[str, typer.Option(help="Only this component, e.g. catalyst.")] = "",
    list_only: Annotated[bool, typer.Option("--list", help="List the findings, run nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document instead of the table.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write the JSON document to a file.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one self-contained HTML page, with filters.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every finding, also where an earlier result is known.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Findings to run side by side; 0: as many as cores and memory allow."),
    ] = 0,
    python: Python = None,
    findings: Findings = None,
) -> None:
    """Run the catalogue and tell which findings bite.

    Exit status: 0 when every finding behaves as documented, 1 when one changed (or its file is broken), 2 for a usage
    error, 130 when interrupted.
    """
    from sharpbits.check import Request, run_check

    request = Request(
        expression=expression or None,
        component=component or None,
        list_only=list_only,
        as_json=as_json,
        output=output,
        junit=junit,
        html=html,
        fresh=fresh,
        jobs=jobs,
        python=python,
    )
    raise typer.Exit(run_check(catalogue_of(findings), request))


@app.command()
def show(name: Name, python: Python = None, findings: Findings = None) -> None:
    """Tell everything about one finding: what happens, the oracle, the documented versions, the last result here."""
    from sharpbits.catalogue import ResultCache, describe_environment, judge
    from sharpbits.catalogue.runner import Result
    from sharpbits.report.terminal import console, print_finding

    finding = catalogue_of(findings).find(name)
    environment = describe_environment(python)
    known = ResultCache().get(finding, environment)
    result = Result(finding, judge(finding, environment, known), known, cached=True) if known else None
    print_finding(console(), finding, environment, result)


@app.command()
def repro(name: Name, findings: Findings = None) -> None:
    """Print a finding's file, to paste into an upstream issue: it needs the packages it names and nothing else."""
    sys.stdout.write(catalogue_of(findings).find(name).source)


@app.command()
def env(python: Python = None) -> None:
    """Print the environment's fingerprint as JSON: versions, processor, GPUs, variables that steer the stack."""
    import json

    from sharpbits.catalogue import describe_environment

    typer.echo(json.dumps(describe_environment(python).as_dict(), indent=1))


@app.command()
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


register_timetravel(app)
register_classifier(app)


def main() -> None:
    """Run the command line; an error that sharpbits foresees is printed without a traceback, with exit status 2."""
    from sharpbits.errors import SharpbitsError

    try:
        app()
    except SharpbitsError as error:
        sys.stderr.write(f"sharpbits: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
