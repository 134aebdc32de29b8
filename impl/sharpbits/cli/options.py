"""Options that several commands share. Only typer is imported, so that ``--help`` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sharpbits.files import program_path

if TYPE_CHECKING:
    from sharpbits.catalogue import Catalogue


def absolute(path: Path | None) -> Path | None:
    """Make the path of an interpreter hold in any folder: findings run in one of their own."""
    return path if path is None else program_path(path)


Python = Annotated[
    Path | None,
    typer.Option(
        "--python",
        metavar="PATH",
        callback=absolute,
        help="Interpreter of the environment to check; default: this one.",
    ),
]
Findings = Annotated[
    list[Path] | None,
    typer.Option("--findings", metavar="DIR", help="Folder of findings instead of the shipped ones; repeatable."),
]
Name = Annotated[str, typer.Argument(metavar="FINDING", help="Id, slug, or a part that only one finding has.")]


def catalogue_of(folders: list[Path] | None) -> Catalogue:
    """Return the findings of these folders, or the shipped ones."""
    from sharpbits.catalogue import default_folder, discover

    return discover(folders or [default_folder()])
