"""What makes arrays a phase-type graph: types, sizes, indices, weights, and that every path can end.

Each check raises a :class:`GraphError` that says what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.errors import GraphError, shown

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Int, Int32, Int64
    from scipy.sparse import csr_array

_Member = TypeVar("_Member", bound=StrEnum)

#: Vertices are counted by int32.
MAX_VERTICES = 2**31 - 1

#: A coefficient is kept for each edge and parameter.
MAX_PARAMETERS = 4096

#: By how much probabilities may sum to more than 1: rounding of their sum.
SUM_TOLERANCE = 1e-12

WHAT = "the graph is malformed"


def member(of: type[_Member], name: str, value: object) -> _Member:
    """Return the member of an enumeration that a value names.

    Raises
    ------
    GraphError
        It names none.
    """
    try:
        return of(str(value))
    except ValueError as error:
        raise GraphError(
            WHAT,
            why=f"there is no such {name}",
            expected=" or ".join(of),
            actual=shown(value),
            resolution="name one of them",
        ) from error


def integers(
    name: str, values: npt.ArrayLike, *, dimensions: int, copy: bool | None = True
) -> Int32[np.ndarray, "*shape"]:
    """Return numbers as int32; those of another type must be whole and fit.

    Parameters
    ----------
    copy
        None: only where it must be.

    Raises
    ------
    GraphError
        They are not whole numbers of 32 bits, or their array has another number of dimensions.
    """
    given = _numbers(name, values, dimensions)
    if np.can_cast(given.dtype, np.int32):
        return np.array(given, dtype=np.int32, order="C", copy=copy)
    if given.dtype.kind == "f":
        whole = np.isfinite(given) & (given == np.floor(given))
        if not whole.all():
            _refuse_entry(name, given, ~whole, "a whole number")
    bounds = np.iinfo(np.int32)
    outside = (given < bounds.min) | (given > bounds.max)
    if outside.any():
        _refuse_entry(name, given, outside, f"a whole number from {bounds.min} to {bounds.max}")
    return np.array(given, dtype=np.int32, order="C")


def reals(name: str, values: npt.ArrayLike, *, dimensions: int) -> Float64[np.ndarray, "*shape"]:
    """Return a copy as float64, with 0 for -0.

    Raises
    ------
    GraphError
        They are not finite real numbers, or their array has another number of dimensions.
    """
    given = _numbers(name, values, dimensions)
    finite = np.isfinite(given)
    if not finite.all():
        _refuse_entry(name, given, ~finite, "a finite number")
    return np.array(given, dtype=np.float64, order="C") + 0.0


def _numbers(name: str, values: npt.ArrayLike, dimensions: int) -> npt.NDArray[np.number]:
    try:
        given = np.asarray(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise GraphError(
            WHAT,
            why=f"{name} is no array",
            expected=f"an array of {dimensions} dimensions",
            actual=shown(values),
            resolution=f"give {name} as a rectangular array of numbers",
        ) from error
    if given.dtype.kind not in "iuf":
        raise GraphError(
            WHAT,
            why=f"{name} holds no real numbers",
            expected="integers or floats",
            actual=f"an array of {given.dtype}",
            resolution=f"give {name} as numbers",
        )
    if given.ndim != dimensions:
        raise GraphError(
            WHAT,
            why=f"{name} has the wrong number of dimensions",
            expected=dimensions,
            actual=f"{given.ndim}, shape {given.shape}",
            resolution=f"give {name} as an array of {dimensions} dimensions",
        )
    return given


def _refuse_entry(name: str, given: npt.NDArray[np.number], bad: Bool[np.ndarray, "*shape"], expected: str) -> None:
    where = tuple(int(index) for index in np.argwhere(bad)[0])
    raise GraphError(
        WHAT,
        why=f"{name} has an entry that cannot be used",
        expected=expected,
        actual=f"{given[where]} at {shown(where if len(where) > 1 else where[0])}",
        resolution="correct that entry",
    )


def check_shape(name: str, array: npt.NDArray[np.generic], expected: tuple[int, ...]) -> None:
    """Refuse an array of another shape."""
    if array.shape != expected:
        raise GraphError(
            WHAT,
            why=f"{name} has the wrong shape",
            expected=expected,
            actual=array.shape,
            resolution="give one entry for each edge, start or state",
        )


def check_parameters(parameters: int) -> None:
    """Refuse more parameters than a graph can have."""
    if parameters > MAX_PARAMETERS:
        raise GraphError(
            WHAT,
            why="there are too many parameters",
            expected=f"at most {MAX_PARAMETERS}",
            actual=parameters,
            resolution="make one parameter of several: a coefficient is kept for each edge and parameter",
        )


def check_indices(name: str, indices: Int[np.ndarray, " k"], vertices: int) -> None:
    """Refuse indices that are no vertices."""
    outside = (indices < 0) | (indices >= vertices)
    if outside.any():
        _refuse_entry(name, indices, outside, f"a vertex, from 0 to {vertices - 1}")


def check_states(states: Int32[np.ndarray, "n d"], *, distinct: bool = False) -> None:
    """Refuse a graph without states, and states that occur twice.

    Parameters
    ----------
    distinct
        Whether they are known to occur once.
    """
    vertices, length = states.shape
    if not (1 <= vertices <= MAX_VERTICES and length >= 1):
        raise GraphError(
            WHAT,
            why="states have no such shape",
            expected=f"1 to {MAX_VERTICES} states of at least one number",
            actual=f"{vertices} states of {length} numbers",
            resolution="give a row for each state",
        )
    rows = [] if distinct else row_bytes(states)
    if len(set(rows)) < len(rows):
        first: dict[bytes, int] = {}
        for vertex, row in enumerate(rows):
            earlier = first.setdefault(row, vertex)
            if earlier != vertex:
                raise GraphError(
                    WHAT,
                    why="a state occurs twice",
                    expected="each state once",
                    actual=f"{shown(tuple(states[vertex].tolist()))} as vertex {earlier} and as vertex {vertex}",
                    resolution="make one vertex of the two, or tell them apart by one more number in the state",
                )


def row_bytes(states: Int32[np.ndarray, "n d"]) -> list[bytes]:
    """Return each row's bytes: equal for equal rows, and to be hashed."""
    rows = np.ascontiguousarray(states)
    whole = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    return cast("list[bytes]", whole.tolist())


def vertex_name(states: Int32[np.ndarray, "n d"], vertex: int) -> str:
    """Name a vertex by its number and its state."""
    return f"vertex {vertex}, state {shown(tuple(states[vertex].tolist()))}"


def edge_name(states: Int32[np.ndarray, "n d"], source: int, target: int) -> str:
    """Name an edge by its vertices and their states."""
    return f"the edge from {vertex_name(states, source)}, to {vertex_name(states, target)}"


def check_edges(
    states: Int32[np.ndarray, "n d"],
    source: Int32[np.ndarray, " m"],
    target: Int32[np.ndarray, " m"],
    *,
    discrete: bool,
) -> None:
    """Refuse an edge that occurs twice, and in continuous time one from a state to itself; edges come sorted."""
    twice = np.flatnonzero((source[1:] == source[:-1]) & (target[1:] == target[:-1]))
    if twice.size:
        raise GraphError(
            WHAT,
            why="an edge occurs twice",
            expected="each pair of source and target once",
            actual=f"twice {edge_name(states, source[twice[0]], target[twice[0]])}",
            resolution="add the weights of the two",
        )
    loops = np.flatnonzero(source == target)
    if loops.size and not discrete:
        raise GraphError(
            WHAT,
            why="in continuous time a state cannot move to itself",
            expected="source and target to differ",
            actual=edge_name(states, source[loops[0]], target[loops[0]]),
            resolution="leave it out, or make a graph of discrete time",
        )


def check_starts(states: Int32[np.ndarray, "n d"], start: Int32[np.ndarray, " s"]) -> None:
    """Refuse a graph without a start, and a start that occurs twice; starts come in ascending order."""
    if not len(start):
        raise GraphError(
            WHAT,
            why="there is no start",
            expected="at least one start",
            actual=0,
            resolution="name the state that the chain starts in",
        )
    twice = np.flatnonzero(start[1:] == start[:-1])
    if twice.size:
        raise GraphError(
            WHAT,
            why="a start occurs twice",
            expected="each start once",
            actual=f"twice {vertex_name(states, int(start[twice[0]]))}",
            resolution="add the probabilities of the two",
        )


def check_weights(
    base: Float64[np.ndarray, " k"],
    coefficients: Float64[np.ndarray, "k p"],
    *,
    log_linear: bool,
    name: Callable[[int], str],
) -> Bool[np.ndarray, " k"]:
    """Refuse weights that are 0, or negative, at all parameters; return which are constant.

    Parameters
    ----------
    name
        Says what a weight belongs to.
    """
    constant: Bool[np.ndarray, " k"] = (coefficients == 0).all(axis=1)
    bad = (base <= 0) if log_linear else (base <= 0) & constant
    if bad.any():
        entry = int(np.flatnonzero(bad)[0])
        raise GraphError(
            WHAT,
            why=f"a weight is {'0' if base[entry] == 0 else 'negative'} at all parameters",
            expected="a base above 0" if log_linear else "a base above 0, or a coefficient that is not 0",
            actual=f"base {base[entry]}, coefficients {shown(coefficients[entry].tolist())} of {name(entry)}",
            resolution="leave out what cannot happen, and give rates and probabilities as positive numbers",
        )
    return constant


def check_sum(sums: Float64[np.ndarray, " k"], *, name: Callable[[int], str]) -> None:
    """Refuse constant probabilities that sum to more than 1.

    Parameters
    ----------
    name
        Says whose a sum is.
    """
    above = sums > 1.0 + SUM_TOLERANCE
    if above.any():
        entry = int(np.flatnonzero(above)[0])
        raise GraphError(
            WHAT,
            why="probabilities sum to more than 1",
            expected="a sum of at most 1",
            actual=f"{sums[entry]} {name(entry)}",
            resolution="give probabilities, not rates",
        )


def check_paths(
    states: Int32[np.ndarray, "n d"],
    offsets: Int64[np.ndarray, " n+1"],
    target: Int32[np.ndarray, " m"],
    start: Int32[np.ndarray, " s"],
    *,
    reached: bool = False,
) -> None:
    """Refuse a state that no path from a start reaches, and one from which no path ends.

    Cost: two breadth-first searches, O(n + m).

    Parameters
    ----------
    reached
        Whether all states are known to be reached.
    """
    from scipy.sparse import csr_array

    vertices = len(states)
    edges = csr_array((np.ones(len(target)), target, offsets), shape=(vertices, vertices))
    missed = np.zeros(vertices, dtype=bool) if reached else ~_reached(edges, start)
    if missed.any():
        vertex = int(np.flatnonzero(missed)[0])
        raise GraphError(
            WHAT,
            why="a state is never reached",
            expected="a path from a start to every state",
            actual=f"none to {vertex_name(states, vertex)}",
            resolution="leave the state out, or add the edge that leads to it",
            unreachable=int(missed.sum()),
            states=vertices,
        )
    absorbing = np.flatnonzero(np.diff(offsets) == 0)
    # Where every state has an edge to a later one, these edges lead to one that has none.
    leaving = np.diff(offsets) > 0
    if (target[offsets[1:][leaving] - 1] > np.flatnonzero(leaving)).all():
        return
    trapped = ~_reached(edges.T.tocsr(), absorbing)
    if trapped.any():
        vertex = int(np.flatnonzero(trapped)[0])
        raise GraphError(
            WHAT,
            why="an absorbing state cannot be reached" if absorbing.size else "there is no absorbing state",
            expected="a path from every state to a state without edges",
            actual=f"none from {vertex_name(states, vertex)}",
            resolution="add the edge by which it ends",
            trapped=int(trapped.sum()),
            absorbing=len(absorbing),
            states=vertices,
        )


def _reached(edges: csr_array, roots: Int[np.ndarray, " r"]) -> Bool[np.ndarray, " n"]:
    """Return which vertices the roots reach, themselves among them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    vertices = edges.shape[0]
    # One more vertex, with an edge to every root.
    joined = csr_array(
        (
            np.ones(edges.nnz + len(roots)),
            np.concatenate([edges.indices, roots]),
            np.append(edges.indptr, edges.nnz + len(roots)),
        ),
        shape=(vertices + 1, vertices + 1),
    )
    found = np.zeros(vertices + 1, dtype=bool)
    found[breadth_first_order(joined, vertices, return_predecessors=False)] = True
    return found[:vertices]
