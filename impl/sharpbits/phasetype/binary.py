"""A graph as bytes: compact, read without pickle, and vouched for by the SHA-256 of all that they say.

Three lines of text, then the arrays as they are in memory, little-endian, one after the other::

    sharpbits phase-type graph 1
    <the digest: SHA-256 in hexadecimal of all that follows this line>
    <kind> <weight mode> <states> <numbers a state> <edges> <parameters> <starts>

Size: ``4 d`` bytes a state, ``16 + 8 p`` an edge, ``12 + 8 p`` a start, and some 130 more.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpbits.phasetype import checks
from sharpbits.phasetype.errors import GraphError, shown
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

#: The first line: what it is, and the version of the layout, which the digest does not depend on.
MAGIC = b"sharpbits phase-type graph 1\n"

_DIGEST_SIZE = 2 * hashlib.sha256().digest_size
_SIZES = re.compile(rb"(continuous|discrete) (linear|log_linear)((?: [0-9]{1,19}){5})\n")
_WHAT = "the bytes are no graph"


def to_bytes(graph: Graph) -> bytes:
    """Return a graph as bytes; equal graphs give equal ones."""
    return b"".join([MAGIC, graph.digest.encode(), b"\n", *_content(graph)])


def digest(graph: Graph) -> str:
    """Return the SHA-256 in hexadecimal of what a graph is: equal for equal graphs, on every machine."""
    content = hashlib.sha256()
    for part in _content(graph):
        content.update(part)
    return content.hexdigest()


def from_bytes(data: bytes | bytearray | memoryview) -> Graph:
    """Return the graph that was made bytes.

    Raises
    ------
    GraphError
        They are not what :func:`to_bytes` gave: of another kind or version, cut short, changed.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise _refused("this is of another type", expected="bytes", actual=type(data).__name__)
    content = bytes(data)
    if not content.startswith(MAGIC):
        raise _refused("they begin differently", expected=shown(MAGIC), actual=shown(content[: len(MAGIC)]))
    begin = len(MAGIC) + _DIGEST_SIZE + 1
    claimed, rest = content[len(MAGIC) : begin], memoryview(content)[begin:]
    found = _SIZES.match(rest)
    if found is None:
        line = content[begin : begin + 80].partition(b"\n")[0]
        raise _refused("the line of sizes is none", expected="kind, weight mode and five sizes", actual=shown(line))
    sizes = [int(size) for size in found[3].split()]
    vertices, length, _, parameters, _ = sizes
    if not (1 <= vertices <= checks.MAX_VERTICES and length >= 1 and parameters <= checks.MAX_PARAMETERS):
        limits = f"1 to {checks.MAX_VERTICES} states of at least 1 number, at most {checks.MAX_PARAMETERS} parameters"
        sizes_given = f"{vertices} states of {length} numbers, {parameters} parameters"
        raise _refused("no graph has such sizes", expected=limits, actual=sizes_given)
    layout = _layout(*sizes)
    expected = sum(dtype.itemsize * math.prod(shape) for _, dtype, shape in layout)
    if len(rest) - found.end() != expected:
        raise _refused("their number does not fit the sizes", expected=expected, actual=len(rest) - found.end())
    actual = hashlib.sha256(rest).hexdigest().encode() + b"\n"
    if actual != claimed:
        raise _refused("they were changed", expected=f"SHA-256 {shown(claimed)}", actual=shown(actual))
    arrays: dict[str, Any] = {}
    offset = found.end()
    for name, dtype, shape in layout:
        count = math.prod(shape)
        arrays[name] = np.frombuffer(rest, dtype, count, offset).reshape(shape)
        offset += arrays[name].nbytes
    graph = Graph(kind=Kind(found[1].decode()), weight_mode=WeightMode(found[2].decode()), **arrays)
    if graph.digest.encode() + b"\n" != actual:
        raise _refused("they are not in order", expected=f"SHA-256 {graph.digest}, edges sorted", actual=shown(actual))
    return graph


def _layout(
    vertices: int, length: int, edges: int, parameters: int, starts: int
) -> list[tuple[str, np.dtype[Any], tuple[int, ...]]]:
    """Return name, type and shape of each array, in their order."""
    whole, real = np.dtype("<i4"), np.dtype("<f8")
    return [
        ("states", whole, (vertices, length)),
        ("source", whole, (edges,)),
        ("target", whole, (edges,)),
        ("base", real, (edges,)),
        ("coefficients", real, (edges, parameters)),
        ("start", whole, (starts,)),
        ("start_base", real, (starts,)),
        ("start_coefficients", real, (starts, parameters)),
    ]


def _content(graph: Graph) -> Iterator[bytes]:
    sizes = (graph.vertices, graph.state_length, graph.edges, graph.parameters, len(graph.start))
    yield f"{graph.kind} {graph.weight_mode} {' '.join(map(str, sizes))}\n".encode()
    for name, dtype, _ in _layout(*sizes):
        yield getattr(graph, name).astype(dtype, copy=False).tobytes()


def _refused(why: str, *, expected: object, actual: object) -> GraphError:
    return GraphError(_WHAT, why=why, expected=expected, actual=actual, resolution="write the graph again")
