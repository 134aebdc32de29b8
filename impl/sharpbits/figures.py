"""Figures in files: of which formats they may be, and writing one whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sharpbits.errors import UsageError
from sharpbits.files import check_target, write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")


def check_figure_target(path: Path, what: str, *, inputs: Iterable[Path] = ()) -> None:
    """Make sure that a figure can be written there, before anything is computed.

    Parameters
    ----------
    what
        Cannot be done otherwise.
    inputs
        Files that it may not replace.

    Raises
    ------
    UsageError
        The suffix is unknown, the file cannot be written, or it is one of the inputs.
    """
    if path.suffix not in FORMATS:
        raise UsageError(
            what,
            why=f"the suffix of {path.name} is none of {', '.join(FORMATS)}",
            resolution=f"name a file that ends in one of {', '.join(FORMATS)}",
        )
    check_target(path, what, inputs=inputs)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure; its format is the file's suffix.

    Raises
    ------
    SharpbitsError
        It cannot be written.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix[1:])
    write_atomically(path, drawn.getvalue())
