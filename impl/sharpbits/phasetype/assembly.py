"""From what an exploration found to a graph: vertices numbered, parallel edges added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.phasetype.errors import GraphError
from sharpbits.phasetype.given import Setting, Starts
from sharpbits.phasetype.graph import Graph, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64, Int32, Int64

#: A callback that leads to more states than this is taken for one that never ends.
MAX_STATES = 2_000_000


@dataclass(frozen=True)
class Found:
    """States in the order of their discovery, the starts first; ``levels`` counts those of each distance."""

    states: Int32[np.ndarray, "n d"]
    levels: Sequence[int]
    source: Int32[np.ndarray, " e"]
    target: Int32[np.ndarray, " e"]
    base: Float64[np.ndarray, " e"]
    coefficients: Float64[np.ndarray, "e p"]


def check_size(states: int, max_states: int) -> None:
    """Refuse an exploration that goes on for too long."""
    if states > max_states:
        raise GraphError(
            "the graph cannot be explored",
            why="the callback leads to too many states, or to ever new ones",
            expected=f"at most {max_states:,} states",
            actual=f"{states:,}, and more to come",
            resolution="bound the model, e.g. by the capacity of its queue, or raise max_states",
        )


def assemble(found: Found, starts: Starts, setting: Setting) -> Graph:
    """Return the graph of what was found, numbered by distance and then in lexicographic order of the states.

    Raises
    ------
    GraphError
        It is none: see :class:`Graph`; or edges are parallel whose weights cannot be added.
    """
    order = _lexicographic(found.states, np.repeat(np.arange(len(found.levels)), found.levels))
    vertices = len(order)
    rank = np.empty(vertices, dtype=np.int64)
    rank[order] = np.arange(vertices)
    keys = rank[found.source] * vertices + rank[found.target]
    sorting = np.argsort(keys)
    distinct = np.ones(len(keys), dtype=bool)
    distinct[1:] = np.diff(keys[sorting]) != 0
    if distinct.all() or setting.weight_mode is WeightMode.LOG_LINEAR:  # there, Graph refuses what is parallel
        keys, base, coefficients = keys[sorting], found.base[sorting], found.coefficients[sorting]
    else:  # added in the order they came in, so that the sum is the same on every processor
        sorting, group = np.argsort(keys, kind="stable"), np.cumsum(distinct) - 1
        keys = keys[sorting[distinct]]
        base, coefficients = np.zeros(len(keys)), np.zeros((len(keys), setting.parameters))
        np.add.at(base, group, found.base[sorting])
        np.add.at(coefficients, group, found.coefficients[sorting])
    return Graph(
        kind=setting.kind,
        weight_mode=setting.weight_mode,
        states=found.states[order],
        source=keys // vertices,
        target=keys % vertices,
        base=base,
        coefficients=coefficients,
        start=rank[: len(starts.states)],
        start_base=np.array(starts.base, dtype=np.float64),
        start_coefficients=table(starts.coefficients, setting.parameters),
        explored=True,
    )


def table(rows: Sequence[Sequence[float]], width: int) -> Float64[np.ndarray, "k width"]:
    """Return rows as an array that has so many columns even where it has no rows, or none of them an entry."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _lexicographic(states: Int32[np.ndarray, "n d"], level: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """Return the order of the rows, of those of a level first.

    Method: as unsigned big-endian numbers, rows compare as their bytes do; NumPy compares bytes whole.
    """
    keys = np.empty((len(states), 1 + states.shape[1]), dtype=">u4")
    keys[:, 0] = level
    keys[:, 1:] = states.view(np.uint32) ^ np.uint32(1 << 31)
    whole = keys.view(np.dtype((np.void, keys.shape[1] * 4))).ravel()
    return np.argsort(whole, kind="stable")
