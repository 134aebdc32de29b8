"""A graph in a file: JSON to be read and written by people, too, or bytes, which are compact and fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from sharpbits.errors import UsageError
from sharpbits.files import write_atomically
from sharpbits.phasetype.binary import MAGIC, from_bytes, to_bytes
from sharpbits.phasetype.errors import GraphError
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.serialisation import from_json, to_json

FORMATS: Mapping[str, Callable[[Graph], str | bytes]] = MappingProxyType({".json": to_json, ".graph": to_bytes})


def save(graph: Graph, path: Path) -> None:
    """Write a graph, whole or not at all: as JSON to a file that ends in ``.json``, as bytes to one in ``.graph``.

    Raises
    ------
    UsageError
        The file's name ends otherwise.
    SharpbitsError
        It cannot be written.
    """
    form = FORMATS.get(path.suffix)
    if form is None:
        raise UsageError(
            "the graph cannot be written",
            why=f"the suffix of {path.name} is none of {', '.join(FORMATS)}",
            resolution="name a file that ends in .json, or in .graph for a compact one",
        )
    write_atomically(path, form(graph))


def load(path: Path) -> Graph:
    """Read a graph from a file, JSON or bytes, by what it begins with.

    Raises
    ------
    UsageError
        There is no such file, or it cannot be read.
    GraphError
        It is damaged, or no graph.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            "the graph cannot be read", why=str(error), resolution="name a file that exists and that you may read"
        ) from error
    try:
        return from_bytes(content) if content.startswith(MAGIC[:10]) else from_json(content)
    except GraphError as error:
        error.context["path"] = path
        raise
