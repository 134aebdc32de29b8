"""``sharpbits cache``: what is kept of recorded traces. Only typer is imported before a command is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sharpbits.extras import needs_extra

cache_app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="The cache's folder; default: SHARPBITS_TRACES, or the user's cache."),
]


def register_cache(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(cache_app, name="cache", help="Recorded traces of phase-type graphs, kept on disk.")


@cache_app.command()
def info(
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document instead of the table.")] = False,
) -> None:
    """Tell where the cache is, what it holds, and its limit."""
    with needs_extra("the cache of traces cannot be read", "phasetype"):
        from sharpbits.phasetype.cache_commands import run_info

    raise typer.Exit(run_info(folder, as_json=as_json))


@cache_app.command()
def clear(folder: Folder = None) -> None:
    """Remove all traces, and what was set aside as damaged."""
    with needs_extra("the cache of traces cannot be cleared", "phasetype"):
        from sharpbits.phasetype.cache_commands import run_clear

    raise typer.Exit(run_clear(folder))
