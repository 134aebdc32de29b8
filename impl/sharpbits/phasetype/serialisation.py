"""A graph as a dictionary of arrays and as JSON, and back: strictly, so that what is damaged is never a graph.

Its fields, all of them required, and no others:

=============================  ================  ====================================================================
``format_version``             int               1
``kind``                       str               ``continuous``, ``discrete``
``weight_mode``                str               ``linear``, ``log_linear``
``n_vertices``                 int               n
``state_length``               int               d
``param_length``               int               p
``states``                     int32 (n, d)      the state of each vertex
``edges``                      float64 (k, 3)    source, target, weight of each edge whose weight is constant
``param_edges``                float64 (l, 2+p)  source, target, coefficients of the others
``param_base_weights``         float64 (l,)      their bases
``start_edges``                float64 (a, 2)    vertex, probability of each start whose probability is constant
``start_param_edges``          float64 (b, 1+p)  vertex, coefficients of the others
``start_param_base_weights``   float64 (b,)      their bases
``digest``                     str or None       :attr:`Graph.digest`; None, in JSON null, where a person wrote it
=============================  ================  ====================================================================

Rows of edges and starts may stand in any order. The digest tells what no other rule can: a number that was changed,
vertices in another order. In JSON arrays are nested lists, and every float has the digits that give the same bits.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import checks
from sharpbits.phasetype.errors import GraphError, shown
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64

#: Of the fields described above; a document of another version is refused.
FORMAT_VERSION = 1

FIELDS = (
    "format_version",
    "kind",
    "weight_mode",
    "n_vertices",
    "state_length",
    "param_length",
    "states",
    "edges",
    "param_edges",
    "param_base_weights",
    "start_edges",
    "start_param_edges",
    "start_param_base_weights",
    "digest",
)

#: Above it, a float is not every whole number.
_EXACT = 2**53


def serialize(graph: Graph) -> dict[str, Any]:
    """Return a graph as a dictionary of the fields above, with arrays of its own."""
    constant = ~graph.coefficients.any(axis=1)
    starts = ~graph.start_coefficients.any(axis=1)
    ends = np.stack([graph.source, graph.target], axis=1)
    return {
        "format_version": FORMAT_VERSION,
        "kind": str(graph.kind),
        "weight_mode": str(graph.weight_mode),
        "n_vertices": graph.vertices,
        "state_length": graph.state_length,
        "param_length": graph.parameters,
        "states": graph.states.copy(),
        "edges": np.column_stack([ends[constant], graph.base[constant]]),
        "param_edges": np.column_stack([ends[~constant], graph.coefficients[~constant]]).astype(np.float64),
        "param_base_weights": graph.base[~constant],
        "start_edges": np.column_stack([graph.start[starts], graph.start_base[starts]]),
        "start_param_edges": np.column_stack([graph.start[~starts], graph.start_coefficients[~starts]]).astype(
            np.float64
        ),
        "start_param_base_weights": graph.start_base[~starts],
        "digest": graph.digest,
    }


def to_json(graph: Graph) -> str:
    """Return a graph as a JSON document, a field a line."""
    document = {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in serialize(graph).items()
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}" for name, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def from_json(text: str | bytes) -> Graph:
    """Return the graph of a JSON document.

    Raises
    ------
    GraphError
        It is no JSON, has a name twice or a number that is none, or is malformed as :func:`from_serialized` says.
    """
    if not isinstance(text, str | bytes):
        raise _refused("it is no text", expected="str or bytes", actual=type(text).__name__)
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except GraphError:
        raise
    except (ValueError, RecursionError) as error:  # no JSON, no Unicode, too many digits; too many brackets
        raise _refused(
            "it is no JSON, or was cut short", expected="a JSON document", actual=f"{type(error).__name__}: {error}"
        ) from error
    return from_serialized(document)


def from_serialized(data: Mapping[str, Any]) -> Graph:
    """Return the graph of a dictionary with the fields above; arrays may be nested lists.

    Raises
    ------
    GraphError
        A field is missing, unknown, or of a wrong type, shape or length; an index is no vertex; what the fields say
        is no graph; or it does not have their digest.
    """
    if not isinstance(data, Mapping):
        raise _refused("it has no fields", expected="an object with named fields", actual=shown(data))
    _check_names(data)
    if not _is_int(data["format_version"]) or data["format_version"] != FORMAT_VERSION:
        raise _refused("it is of another version", expected=FORMAT_VERSION, actual=shown(data["format_version"]))
    kind = checks.member(Kind, "kind", data["kind"])
    weight_mode = checks.member(WeightMode, "weight_mode", data["weight_mode"])
    vertices = _size(data, "n_vertices", 1, checks.MAX_VERTICES)
    length = _size(data, "state_length", 1, checks.MAX_VERTICES)
    parameters = _size(data, "param_length", 0, checks.MAX_PARAMETERS)

    states = _table(data, "states", length, rows=("n_vertices", vertices))
    edges = _table(data, "edges", 3)
    param_edges = _table(data, "param_edges", 2 + parameters)
    bases = _column(data, "param_base_weights", rows=("param_edges", len(param_edges)))
    starts = _table(data, "start_edges", 2)
    param_starts = _table(data, "start_param_edges", 1 + parameters)
    start_bases = _column(data, "start_param_base_weights", rows=("start_param_edges", len(param_starts)))
    for name, coefficients in (("param_edges", param_edges[:, 2:]), ("start_param_edges", param_starts[:, 1:])):
        constant = ~coefficients.any(axis=1)
        if constant.any():
            raise _refused(
                f"{name} has a row without parameters",
                expected="a coefficient that is not 0; a constant weight stands in the other table",
                actual=f"row {int(np.flatnonzero(constant)[0])} with coefficients 0",
            )
    graph = Graph(
        kind=kind,
        weight_mode=weight_mode,
        states=checks.integers("states", states, dimensions=2),
        source=_indices("edges", 0, edges, param_edges, vertices),
        target=_indices("edges", 1, edges, param_edges, vertices),
        base=np.concatenate([edges[:, 2], bases]),
        coefficients=np.concatenate([np.zeros((len(edges), parameters)), param_edges[:, 2:]]),
        start=_indices("start_edges", 0, starts, param_starts, vertices),
        start_base=np.concatenate([starts[:, 1], start_bases]),
        start_coefficients=np.concatenate([np.zeros((len(starts), parameters)), param_starts[:, 1:]]),
    )
    claimed = data["digest"]
    if claimed is not None and not (isinstance(claimed, str) and claimed == graph.digest):
        raise _refused(
            "its content was changed, or its vertices stand in another order",
            expected=f"digest {shown(claimed)}, as the document has it",
            actual=f"digest {graph.digest} of its content",
        )
    return graph


def _check_names(data: Mapping[str, Any]) -> None:
    missing = [name for name in FIELDS if name not in data]
    unknown = [name for name in data if name not in FIELDS]
    if missing or unknown:
        raise _refused(
            "a field is missing" if missing else "there is an unknown field",
            expected=", ".join(FIELDS),
            actual=f"missing {', '.join(missing) or 'none'}, unknown {shown(unknown) if unknown else 'none'}",
        )


def _is_int(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _size(data: Mapping[str, Any], name: str, smallest: int, largest: int) -> int:
    value = data[name]
    if not _is_int(value) or not smallest <= value <= largest:
        raise _refused(
            f"{name} is no such number", expected=f"an integer from {smallest} to {largest}", actual=shown(value)
        )
    return int(value)


def _table(
    data: Mapping[str, Any], name: str, width: int, *, rows: tuple[str, int] | None = None
) -> Float64[np.ndarray, "k width"]:
    """Return a field of finite numbers as an array of so many columns.

    Parameters
    ----------
    rows
        What tells how many rows it must have, and how many.
    """
    value = data[name]
    wanted = rows[1] if rows else "any number"
    expected = f"({wanted}, {width})" + (f", as {rows[0]} says" if rows else "")
    if isinstance(value, np.ndarray):
        if value.ndim != 2 or value.shape[1] != width or (rows and len(value) != rows[1]):
            raise _refused(f"{name} has the wrong shape", expected=expected, actual=value.shape)
        return checks.reals(name, _exact(name, value), dimensions=2)
    if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
        raise _refused(f"{name} is no table", expected=f"rows, {expected}", actual=shown(value))
    if rows and len(value) != rows[1]:
        raise _refused(f"{name} has the wrong number of rows", expected=expected, actual=f"{len(value)} rows")
    for place, row in enumerate(value):
        if len(row) != width:
            raise _refused(
                f"{name} has a row of the wrong length",
                expected=expected,
                actual=f"{len(row)} numbers in row {place}, {shown(row)}",
            )
    numbers = _numbers(name, list(itertools.chain.from_iterable(value)), width)
    return numbers.reshape(len(value), width)


def _column(data: Mapping[str, Any], name: str, *, rows: tuple[str, int]) -> Float64[np.ndarray, " k"]:
    value = data[name]
    expected = f"({rows[1]},), as many as {rows[0]} has rows"
    if isinstance(value, np.ndarray):
        if value.shape != (rows[1],):
            raise _refused(f"{name} has the wrong shape", expected=expected, actual=value.shape)
        return checks.reals(name, _exact(name, value), dimensions=1)
    if not isinstance(value, list | tuple) or len(value) != rows[1]:
        raise _refused(f"{name} is no list of that length", expected=expected, actual=shown(value))
    return _numbers(name, list(value), 1)


def _numbers(name: str, flat: list[Any], width: int) -> Float64[np.ndarray, " k"]:
    types = set(map(type, flat))
    strange = tuple(one for one in types if not issubclass(one, int | float | np.integer | np.floating) or one is bool)
    if strange:
        place = next(at for at, one in enumerate(flat) if type(one) in strange)
        raise _refused(
            f"{name} has an entry that is no number",
            expected="a finite number",
            actual=f"{shown(flat[place])} in row {place // width}",
        )
    whole = [abs(int(one)) for one in flat if isinstance(one, int | np.integer)] if types - {float} else []
    if whole and max(whole) > _EXACT:
        raise _refused(f"{name} has a number that no float is", expected=f"at most {_EXACT}", actual=shown(max(whole)))
    numbers = np.array(flat, dtype=np.float64)
    if not np.isfinite(numbers).all():
        place = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise _refused(
            f"{name} has an entry that is not finite",
            expected="a finite number",
            actual=f"{flat[place]} in row {place // width}",
        )
    return numbers + 0.0


def _exact(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind in "iu" and array.size and (above := (array > _EXACT) | (array < -_EXACT)).any():
        raise _refused(
            f"{name} has a number that no float is", expected=f"at most {_EXACT}", actual=int(array[above][0])
        )
    return array


def _indices(
    name: str,
    column: int,
    constant: Float64[np.ndarray, "k w"],
    parameterised: Float64[np.ndarray, "l v"],
    vertices: int,
) -> Int64[np.ndarray, " k+l"]:
    """Return a column of vertices of both tables; each must be one."""
    of_both = (name, constant[:, column]), (name.replace("edges", "param_edges"), parameterised[:, column])
    for table, indices in of_both:
        bad = (indices < 0) | (indices >= vertices) | (indices != np.floor(indices))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise _refused(
                f"{table} has an index that is no vertex",
                expected=f"a whole number from 0 to {vertices - 1}",
                actual=f"{indices[row]} in row {row}",
            )
    found: Int64[np.ndarray, " k+l"] = np.concatenate([indices for _, indices in of_both]).astype(np.int64)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused("a name occurs twice", expected="each name once", actual=shown(twice))
    return found


def _no_number(token: str) -> NoReturn:
    raise _refused("it has a number that is none", expected="finite numbers", actual=token)


def _refused(why: str, *, expected: object, actual: object) -> GraphError:
    return GraphError(
        "the document is no graph",
        why=why,
        expected=expected,
        actual=actual,
        resolution="write it again by serialize, to_json; by hand, with the digest null",
    )
