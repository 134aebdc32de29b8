"""The command line: ``sharpbits check`` and the commands around it, one module for each package's.

Only typer is imported here; each command imports what it needs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sharpbits.cli.cache import register_cache
from sharpbits.cli.catalogue import register_catalogue
from sharpbits.cli.classifier import register_classifier
from sharpbits.cli.gate import register_gate
from sharpbits.cli.phasetype import register_phasetype
from sharpbits.cli.timetravel import register_timetravel
from sharpbits.streams import take_streams

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich alone costs a third of the time that --help may take
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Which documented sharp bits of Catalyst, Lightning, JAX and torch.compile bite on this machine?",
)


_REFUSED = 2
#: EX_SOFTWARE of <sysexits.h>.
_OWN_FAULT = 70


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


def main() -> None:
    """Run the command line; what is foreseen to go wrong is printed without a traceback, with exit status 2.

    So is whatever else the system refuses (no memory for a process, no room for a temporary file). A fault of
    sharpbits' own has a traceback and exit status 70: 1 would mean that something changed, or got slower.
    """
    from sharpbits.errors import SharpbitsError

    streams = take_streams()
    try:
        app()
    except SharpbitsError as error:
        sys.stderr.write(f"sharpbits: {error}\n")
        sys.exit(_REFUSED)
    except OSError as error:
        sys.stderr.write(f"sharpbits: the system refused what it takes to go on: {error}\n")
        sys.exit(_REFUSED)
    except Exception:
        import traceback

        traceback.print_exc()
        sys.exit(_OWN_FAULT)
    finally:
        failure = streams.finish()
        if failure is not None:
            sys.stderr.write(f"sharpbits: the output could not be written: {failure.strerror}\n")
            sys.exit(_REFUSED)
