"""The commands that travel through time: ``stack``, ``bisect``, ``matrix``, ``expect``, ``watch``.

Only typer is imported before one is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sharpbits.cli.options import Findings, absolute, catalogue_of

if TYPE_CHECKING:
    from sharpbits.timetravel.requests import Source

Interpreter = Annotated[
    Path | None,
    typer.Option(
        "--python",
        metavar="PATH",
        callback=absolute,
        help="Interpreter to build environments with; default: this one.",
    ),
]
DefaultIndex = Annotated[
    str | None, typer.Option("--default-index", metavar="URL", help="Package index to use instead of the default.")
]
ExtraIndex = Annotated[
    list[str] | None, typer.Option("--index", metavar="URL", help="Further package index, asked first; repeatable.")
]
FindLinks = Annotated[
    list[str] | None, typer.Option("--find-links", metavar="PLACE", help="Folder or page with package files.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Use only what was downloaded before.")]
Torch = Annotated[
    str | None, typer.Option("--torch", metavar="BUILD", help="Build of torch: cpu, cu128, … (uv's --torch-backend).")
]
Pre = Annotated[
    list[str] | None,
    typer.Option("--pre", metavar="NAME", help="Take pre-releases of this package too, or of 'all'; repeatable."),
]
With = Annotated[
    list[str] | None, typer.Option("--with", metavar="REQ", help="A package the stack must contain; repeatable.")
]

stack_app = typer.Typer(invoke_without_command=True, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def register_timetravel(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(stack_app, name="stack")
    for command in (bisect, matrix, expect, watch):
        app.command()(command)


@stack_app.callback()
def stack(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(metavar="DATE", help="The stack of a date, e.g. 2026-02-10.")] = None,
    release: Annotated[
        str | None, typer.Option(metavar="NAME==VERSION", help="The stack of a date at which a release was current.")
    ] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The newest stack.")] = False,
    file: Annotated[Path | None, typer.Option(metavar="LOCK", help="The stack of a lock file.")] = None,
    with_: With = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the lock to a file.")
    ] = None,
    build: Annotated[
        bool, typer.Option("--build", help="Build its environment (or find it built) and print its interpreter last.")
    ] = False,
    python: Interpreter = None,
    default_index: DefaultIndex = None,
    index: ExtraIndex = None,
    find_links: FindLinks = None,
    offline: Offline = False,
    torch: Torch = None,
    pre: Pre = None,
) -> None:
    """Resolve a stack as of a date, a release, or now; print it with upload dates, lock it, build it.

    Without --with it is catalyst's: pennylane-catalyst, pennylane, pennylane-lightning, numpy.
    """
    if context.invoked_subcommand is not None:
        return
    from sharpbits.timetravel.requests import When
    from sharpbits.timetravel.stack_command import run_stack

    source = _source(python, default_index, index, find_links, offline, torch, pre)
    when = When(at, release, latest, file)
    raise typer.Exit(run_stack(when, with_ or (), source, output=output, build=build))


@stack_app.command("list")
def stack_list() -> None:
    """List the environments that were built."""
    from sharpbits.timetravel.stack_command import list_environments

    list_environments()


@stack_app.command("prune")
def stack_prune(
    keep_gib: Annotated[float, typer.Option(metavar="GIB", help="Size that may stay.")] = 0.0,
) -> None:
    """Remove the environments that were not used for longest; those in use stay."""
    from sharpbits.timetravel.stack_command import prune_environments

    prune_environments(keep_gib=keep_gib)


def bisect(
    name: Annotated[str, typer.Argument(metavar="[FINDING|TEST]", help="A finding, or a pytest id (FILE::TEST).")] = "",
    run: Annotated[
        str, typer.Option(metavar="CMD", help="A command instead; exit status 0: good, 125: cannot be tested.")
    ] = "",
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="The old end; default: searched for, up to two years back.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The new end; default: now.")] = None,
    package: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Follow the releases of this package only; repeatable.")
    ] = None,
    with_: With = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Bisect a number: observed or error of a finding, or a key of CMD's JSON."),
    ] = None,
    factor: Annotated[float, typer.Option(help="With --metric: the least ratio that counts as a change.")] = 1.1,
    repeats: Annotated[
        int | None, typer.Option(metavar="N", help="Least runs at each end; default: 1, or 10 if it is known to vary.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Probability with which all answers on varying stacks hold.")
    ] = 0.99,
    timeout: Annotated[float, typer.Option(metavar="S", help="Time limit of one run of CMD or TEST.")] = 600.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the same search.")] = False,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the search is kept; default: in the cache.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write a report to paste upstream, with both locks.")
    ] = None,
    python: Interpreter = None,
    default_index: DefaultIndex = None,
    index: ExtraIndex = None,
    find_links: FindLinks = None,
    offline: Offline = False,
    torch: Torch = None,
    pre: Pre = None,
    findings: Findings = None,
) -> None:
    """Find the release since which something happens, or no longer does, and the package that brought it.

    Exit status 1 when it varies and no turn can be told, 2 when the search cannot be held.
    """
    from sharpbits.timetravel.bisect_command import BisectRequest, run_bisect
    from sharpbits.timetravel.ends import VaryingError

    request = BisectRequest(
        name=name,
        run=run,
        with_requirements=tuple(with_ or ()),
        since=since,
        until=until,
        packages=tuple(package or ()),
        source=_source(python, default_index, index, find_links, offline, torch, pre),
        repeats=repeats,
        confidence=confidence,
        metric=metric,
        factor=factor,
        timeout_s=timeout,
        resume=resume,
        state=state,
        report=report,
    )
    try:
        status = run_bisect(catalogue_of(findings), request)
    except VaryingError as error:
        typer.echo(f"sharpbits: {error}", err=True)
        status = 1
    raise typer.Exit(status)


def matrix(
    component: Annotated[str, typer.Option(help="Whose findings; catalyst includes lightning's.")] = "catalyst",
    expression: Annotated[str, typer.Option("-k", metavar="EXPR", help="Only findings that match.")] = "",
    releases: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST", help="Versions (0.14.1,0.15.0) or a range ('>=0.12'); default: all."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only releases uploaded since.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML page.")] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Write it as a picture.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run also what is known already.")] = False,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, metavar="N", help="Least runs of each finding on each release.")
    ] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Findings side by side; 0: as many as fit.")] = 0,
    python: Interpreter = None,
    default_index: DefaultIndex = None,
    index: ExtraIndex = None,
    find_links: FindLinks = None,
    offline: Offline = False,
    torch: Torch = None,
    pre: Pre = None,
    findings: Findings = None,
) -> None:
    """Show what each finding does on each release: findings by releases, each with the dependencies of its day.

    What is known is not run again, so the same command goes on where an interrupted one ended. Exit status 1 when
    something is not as documented.
    """
    from sharpbits.timetravel.matrix.command import MatrixRequest, run_matrix

    request = MatrixRequest(
        component=component,
        expression=expression or None,
        releases=tuple(releases or ()),
        since=since,
        source=_source(python, default_index, index, find_links, offline, torch, pre),
        jobs=jobs,
        fresh=fresh,
        repeats=repeats,
        output=output,
        html=html,
        picture=picture,
    )
    raise typer.Exit(run_matrix(catalogue_of(findings), request))


def expect(
    update: Annotated[Path, typer.Option(metavar="MATRIX.json", help="What `sharpbits matrix -o` wrote.")],
    write: Annotated[bool, typer.Option("--write", help="Change the finding files, too.")] = False,
    findings: Findings = None,
) -> None:
    """Propose the expectation rows that a matrix implies, as a diff of the finding files; exit status 1 if any."""
    from sharpbits.timetravel.matrix.expect_command import run_expect

    raise typer.Exit(run_expect(catalogue_of(findings), update, write=write))


def watch(
    component: Annotated[str, typer.Option(help="Whose newest releases, and whose findings.")] = "catalyst",
    reports: Annotated[Path, typer.Option(metavar="DIR", help="Where the reports go.")] = Path("sharpbits-watch"),
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Findings side by side; 0: as many as fit.")] = 0,
    python: Interpreter = None,
    default_index: DefaultIndex = None,
    index: ExtraIndex = None,
    find_links: FindLinks = None,
    offline: Offline = False,
    torch: Torch = None,
    pre: Pre = None,
    findings: Findings = None,
) -> None:
    """Run the catalogue on the newest releases and bisect what changed; for a nightly job. Exit status 1: changed."""
    from sharpbits.timetravel.watch_command import WatchRequest, run_watch

    source = _source(python, default_index, index, find_links, offline, torch, pre)
    raise typer.Exit(run_watch(catalogue_of(findings), WatchRequest(component, reports, source, jobs)))


def _source(
    python: Path | None,
    default_index: str | None,
    index: list[str] | None,
    find_links: list[str] | None,
    offline: bool,
    torch: str | None,
    pre: list[str] | None,
) -> Source:
    from sharpbits.timetravel.requests import Source

    return Source(python, default_index, tuple(index or ()), tuple(find_links or ()), offline, torch, tuple(pre or ()))
