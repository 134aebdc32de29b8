"""A graph discovered from its starts by a callback that is given many states at once.

>>> from sharpbits.phasetype import Transitions, explore_vectorised
>>> def coalescence(states):
...     row = np.flatnonzero(states[:, 0] > 1)
...     lineages = states[row]
...     return Transitions(row, lineages - 1, coefficients=lineages * (lineages - 1) / 2)
>>> explore_vectorised(coalescence, (4,), parameters=1).weights([2.0])
array([12.,  6.,  2.])

The graph is the one that :func:`explore` finds; a large one is found some ten times faster.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import checks
from sharpbits.phasetype.assembly import MAX_STATES, Found, assemble, check_size
from sharpbits.phasetype.errors import GraphError, shown
from sharpbits.phasetype.given import Setting, Start, Starts, saying, starts_of
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64, Int32, Int64

#: How many states the callback is given at once: what it makes of them stays in the processor's cache.
BLOCK = 1024


class Transitions(NamedTuple):
    """All edges out of k states, in any order.

    Attributes
    ----------
    row
        ``[e]`` integers: the number, from 0 to k - 1, of the state that each edge leaves.
    target
        ``[e, d]`` integers: the state that it enters.
    base
        ``[e]``, or one number for all.
    coefficients
        ``[e, p]``; None: zeros.
    """

    row: npt.NDArray[Any]
    target: npt.NDArray[Any]
    base: npt.ArrayLike = 0.0
    coefficients: npt.ArrayLike | None = None


#: Given states ``[k, d]``, all edges out of them.
VectorisedStep = Callable[["Int32[np.ndarray, 'k d']"], Transitions | tuple[Any, ...]]


class _Edges(NamedTuple):
    """Transitions that were checked, without those of weight 0."""

    row: Int32[np.ndarray, " e"]
    target: Int32[np.ndarray, "e d"]
    base: Float64[np.ndarray, " e"]
    coefficients: Float64[np.ndarray, "e p"]


def explore_vectorised(
    step: VectorisedStep,
    start: Start,
    *,
    parameters: int = 0,
    kind: Kind = Kind.CONTINUOUS,
    weight_mode: WeightMode = WeightMode.LINEAR,
    max_states: int = MAX_STATES,
) -> Graph:
    """Return the graph of all states that a callback leads to, which is given many states at once.

    Method: breadth first, in blocks of states. Equal targets of a block are found by sorting a 64-bit hash of each, and
    compared in full; those that are new by a hash table of their bytes. Cost: some 350 ns an edge at d = 40, the
    callback's own aside; while it runs, memory of about four times the graph's.

    Parameters
    ----------
    step
        Given states ``[k, d]``, read-only, all of one distance from the starts and at most 1024 at once, returns
        :class:`Transitions`, or a tuple of as much: all edges out of them. A weight of 0 is no edge; two edges between
        the same states add up.
    start, parameters, kind, weight_mode, max_states
        As :func:`explore` has them.

    Raises
    ------
    GraphError
        What the callback returns is malformed, or leads to more than ``max_states`` states.
    """
    setting = Setting(parameters, kind, weight_mode)
    starts = starts_of(start, setting)
    return assemble(_found(step, starts, setting, max_states), starts, setting)


def _found(step: VectorisedStep, starts: Starts, setting: Setting, max_states: int) -> Found:
    frontier = np.array(starts.states, dtype=np.int32)
    vertex_of = {row: vertex for vertex, row in enumerate(checks.row_bytes(frontier))}
    levels, states = [len(frontier)], [frontier]
    edges: list[_Edges] = []
    first = 0
    while len(frontier):
        discovered = []
        for at in range(0, len(frontier), BLOCK):
            found = _called(step, frontier[at : at + BLOCK], setting)
            representatives, group = distinct_rows(found.target)
            rows = found.target[representatives]
            keys = checks.row_bytes(rows)
            known = len(vertex_of)
            vertex_of.update(zip([key for key in keys if key not in vertex_of], itertools.count(known)))
            vertices = np.fromiter(map(vertex_of.__getitem__, keys), np.int32, len(keys))
            discovered.append(rows[vertices >= known])
            edges.append(found._replace(row=found.row + np.int32(first + at), target=vertices[group]))
            check_size(len(vertex_of), max_states)
        first += len(frontier)
        frontier = np.concatenate(discovered)
        levels.append(len(frontier))
        states.append(frontier)
    source, target, base, coefficients = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    return Found(np.concatenate(states), levels, source, target, base, coefficients)


def distinct_rows(
    rows: Int32[np.ndarray, "e d"],
) -> tuple[Int64[np.ndarray, " u"], Int64[np.ndarray, " e"]]:
    """Return for each different row the place of one such row, and for each row which of these it is.

    Method: rows are sorted by the sum of their numbers times random odd 64-bit multipliers; then each is compared with
    the one that stands for it, and if two different rows had the same sum, all are sorted by their bytes.
    """
    representatives, group = _groups(_hashes(rows))
    if not np.array_equal(rows[representatives[group]], rows):
        representatives, group = _groups(np.array(checks.row_bytes(rows), dtype=object))
    return representatives, group


def _groups(keys: npt.NDArray[Any]) -> tuple[Int64[np.ndarray, " u"], Int64[np.ndarray, " e"]]:
    order = np.argsort(keys)
    arranged = keys[order]
    begins = np.ones(len(keys), dtype=bool)
    begins[1:] = arranged[1:] != arranged[:-1]
    group = np.empty(len(keys), dtype=np.int64)
    group[order] = np.cumsum(begins) - 1
    return order[begins], group


def _hashes(rows: Int32[np.ndarray, "e d"]) -> Int64[np.ndarray, " e"]:
    multipliers = np.random.default_rng(rows.shape[1]).integers(-(2**63), 2**63, rows.shape[1]) | 1
    # A product would first make int64 of all rows; einsum does so by the piece.
    hashes: Int64[np.ndarray, " e"] = np.einsum("ij,j->i", rows, multipliers, dtype=np.int64)
    return hashes


def _called(step: VectorisedStep, block: Int32[np.ndarray, "k d"], setting: Setting) -> _Edges:
    """Return the edges out of a block of states, checked."""
    block = block.view()
    block.setflags(write=False)
    try:
        given = step(block)
    except Exception as error:
        error.add_note(f"raised by the callback of explore_vectorised, given {len(block)} states from {block[0]} on")
        raise
    with saying(states_given=len(block), first_of_them=tuple(block[0].tolist())):
        if not isinstance(given, tuple) or not 2 <= len(given) <= 4:
            raise GraphError(
                checks.WHAT,
                why="the callback returns no transitions",
                expected="Transitions(row, target, base, coefficients)",
                actual=shown(given),
                resolution="return Transitions, or a tuple of as much",
            )
        return _edges(block, *Transitions(*given), setting=setting)


def _edges(
    block: Int32[np.ndarray, "k d"],
    row: npt.ArrayLike,
    target: npt.ArrayLike,
    base: npt.ArrayLike,
    coefficients: npt.ArrayLike | None,
    *,
    setting: Setting,
) -> _Edges:
    rows = checks.integers("row", row, dimensions=1)
    edges = len(rows)
    checks.check_indices("row", rows, len(block))
    targets = checks.integers("target", target, dimensions=2, copy=None)
    checks.check_shape("target", targets, (edges, block.shape[1]))
    bases = checks.reals("base", np.full(edges, base) if np.ndim(base) == 0 else base, dimensions=1)
    checks.check_shape("base", bases, (edges,))
    if coefficients is None:
        coefficients = np.zeros((edges, setting.parameters))
    along = checks.reals("coefficients", coefficients, dimensions=2)
    checks.check_shape("coefficients", along, (edges, setting.parameters))
    zero = setting.zeros(bases, along)
    found = _Edges(rows, targets, bases, along)
    return _Edges(*(one[~zero] for one in found)) if zero.any() else found
