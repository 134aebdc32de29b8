"""The commands, one module for each package's, as one typer application.

Only typer is imported here; each command imports what it needs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from sharpbits.cli.cache import register_cache
from sharpbits.cli.catalogue import register_catalogue
from sharpbits.cli.classifier import register_classifier
from sharpbits.cli.gate import register_gate
from sharpbits.cli.phasetype import register_phasetype
from sharpbits.cli.timetravel import register_timetravel

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich alone costs a third of the time that --help may take
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Which documented sharp bits of Catalyst, Lightning, JAX, torch.compile and phasic bite on this machine?",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        import sharpbits

        typer.echo(f"sharpbits {sharpbits.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Without this, a single command would swallow its name."""


for register in (
    register_catalogue,
    register_gate,
    register_timetravel,
    register_classifier,
    register_phasetype,
    register_cache,
):
    register(app)
