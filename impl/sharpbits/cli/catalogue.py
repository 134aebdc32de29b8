"""The commands of the catalogue: ``check``, ``show``, ``repro``, ``env``.

Only typer is imported before one is called.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sharpbits.cli.options import Findings, Name, Python, catalogue_of


def register_catalogue(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (check, show, repro, env, new):
        app.command()(command)


def check(
    expression: Annotated[
        str,
        typer.Option(
            "-k", metavar="EXPR", help="Only findings whose id or title matches, e.g. 'lax_map and not value'."
        ),
    ] = "",
    component: Annotated[str, typer.Option(help="Only this component, e.g. catalyst.")] = "",
    list_only: Annotated[
        bool, typer.Option("--list", help="List the findings, run nothing; with --json as a JSON document.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="A line for every finding, also for faces of one cause and what cannot run.")
    ] = False,
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
    isolated: Annotated[
        bool,
        typer.Option(
            "--isolated", help="Start each finding as `python FILE`, none by forking a process that has its packages."
        ),
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
        all=every,
        as_json=as_json,
        output=output,
        junit=junit,
        html=html,
        fresh=fresh,
        isolated=isolated,
        jobs=jobs,
        python=python,
    )
    raise typer.Exit(run_check(catalogue_of(findings), request))


def show(name: Name, python: Python = None, findings: Findings = None) -> None:
    """Tell everything about one finding: what happens, the oracle, the documented versions, the last result here."""
    from sharpbits.catalogue import ResultCache, describe_environment, judge
    from sharpbits.catalogue.runner import Result
    from sharpbits.console import console
    from sharpbits.report.terminal import print_finding

    catalogue = catalogue_of(findings)
    finding = catalogue.find(name)
    environment = describe_environment(python)
    known = ResultCache().get(finding, environment)
    result = Result(finding, judge(finding, environment, known), known, cached=True) if known else None
    print_finding(console(), finding, environment, result, faces=catalogue.faces_of(finding))


def repro(name: Name, findings: Findings = None) -> None:
    """Print a finding's file, to paste into an upstream issue: it needs the packages it names and nothing else."""
    # The file's own bytes: a program that cannot be written in the terminal's encoding would be another program.
    sys.stdout.flush()
    sys.stdout.buffer.write(catalogue_of(findings).find(name).source.encode())


def env(python: Python = None) -> None:
    """Print the environment's fingerprint as JSON: versions, processor, GPUs, variables that steer the stack."""
    import json

    from sharpbits.catalogue import describe_environment

    typer.echo(json.dumps(describe_environment(python).as_dict(), indent=1))


def new(
    name: Annotated[
        str, typer.Argument(metavar="COMPONENT/SLUG", help="What to call the finding, e.g. jax/no_inverse.")
    ],
    findings: Annotated[
        Path | None,
        typer.Option("--findings", metavar="DIR", help="Folder to write it into; default: the catalogue's."),
    ] = None,
) -> None:
    """Write the beginning of a new finding: one file that runs, to be filled in."""
    from sharpbits.catalogue import default_folder
    from sharpbits.catalogue.scaffold import scaffold

    path = scaffold(name, findings or default_folder())
    typer.echo(f"{path}\nfill it in, then: sharpbits check -k {path.stem} --findings {path.parents[1]}")
