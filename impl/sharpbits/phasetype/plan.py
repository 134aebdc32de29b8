"""The structure of a Markov chain laid out for computing with it: an order of its states, and its edges by both ends.

States stand in an order in which no edge leads back to an earlier strongly connected component, so that all steps of a
block can be computed for one component before the next (``impl/native/phasetype/chain.hpp``). Absorbing states come
last. Loops are left out: in continuous time there are none, and in discrete time a loop is a part of staying.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int32
from numpy import ndarray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sharpbits.errors import SharpbitsError

#: Of the array that the kernel is given; ``impl/native/phasetype/plan.hpp`` reads it.
VERSION = 1


class Edges(NamedTuple):
    """Edges between different vertices, in the order of their targets.

    Attributes
    ----------
    source, target
        The vertices.
    number
        Place in the weights.
    leaves
        Whether taking it leaves the source.
    """

    source: Int32[ndarray, " kept"]
    target: Int32[ndarray, " kept"]
    number: Int32[ndarray, " kept"]
    leaves: Bool[ndarray, " kept"]


@dataclass(frozen=True, eq=False)
class Plan:
    """How a chain is computed.

    Attributes
    ----------
    packed
        Everything in one array, as the kernel reads it.
    order
        The vertex at each place.
    transient
        How many vertices have an edge to another; they come first.
    weights
        How many edges weights are given for, loops among them.
    edges
        As whole-array operations want them.
    component
        The number of each vertex's strongly connected component; edges between components lead upwards.
    depth
        The length of the longest way along components.
    largest
        The number of vertices of the largest component.
    """

    packed: Int32[ndarray, " length"]
    order: Int32[ndarray, " vertices"]
    transient: int
    weights: int
    edges: Edges
    component: Int32[ndarray, " vertices"]
    depth: int
    largest: int
    _derived: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def vertices(self) -> int:
        """Their number."""
        return len(self.order)

    def derived(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` makes, made once and kept with the plan."""
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    @functools.cached_property
    def transient_vertices(self) -> Bool[ndarray, " vertices"]:
        """Which vertices have an edge to another."""
        found = np.zeros(self.vertices, bool)
        found[self.order[: self.transient]] = True
        return found


def make_plan(
    vertices: int,
    source: Int32[ndarray, " edges"],
    target: Int32[ndarray, " edges"],
    leaves: Bool[ndarray, " edges"] | None = None,
) -> Plan:
    """Return the plan of a chain with edges ``source -> target``.

    ``leaves`` says of each edge whether taking it leaves its source, as it does in a Markov chain; where not, the edge
    adds to its target and takes nothing away (:mod:`sharpbits.phasetype.epochs` counts rewards that way).
    """
    source, target = np.asarray(source, np.int32), np.asarray(target, np.int32)
    leaves = np.ones(len(source), bool) if leaves is None else np.asarray(leaves, bool)
    kept = np.flatnonzero(source != target).astype(np.int32)
    if vertices + len(kept) >= 2**31:
        raise SharpbitsError(
            "the chain cannot be evaluated",
            why="its states and edges are counted in 32 bits",
            resolution="use a smaller model",
            states=vertices,
            edges=len(kept),
        )
    from_, to = source[kept], target[kept]
    component, depth = _ordered_components(vertices, from_, to)
    absorbing = np.bincount(from_, minlength=vertices) == 0
    order = np.lexsort((np.arange(vertices), component, absorbing)).astype(np.int32)
    place = np.empty(vertices, np.int32)
    place[order] = np.arange(vertices, dtype=np.int32)
    offsets = np.flatnonzero(np.diff(component[order], prepend=-1)).astype(np.int32)
    sizes = np.diff(offsets, append=vertices)
    inner = component[from_] == component[to]
    into = _side(vertices, place[to], place[from_], inner, kept)
    out_of = _side(vertices, place[from_], place[to], inner, kept)
    transient = int(np.count_nonzero(~absorbing))
    largest = int(sizes.max(initial=0))
    header = np.array([VERSION, vertices, transient, len(kept), len(offsets), largest, len(source)], np.int32)
    packed = np.concatenate(
        [header, order, offsets, [vertices], *into, *out_of, leaves[out_of[3]]], dtype=np.int32, casting="unsafe"
    )
    packed.flags.writeable = order.flags.writeable = False
    by_target = np.lexsort((from_, to))
    edges = Edges(from_[by_target], to[by_target], kept[by_target], leaves[kept][by_target])
    return Plan(packed, order, transient, len(source), edges, component, depth, largest)


def _ordered_components(
    vertices: int, source: Int32[ndarray, " edges"], target: Int32[ndarray, " edges"]
) -> tuple[Int32[ndarray, " vertices"], int]:
    """Return each vertex's strongly connected component, edges between them leading upwards, and the longest way."""
    adjacency = csr_array((np.ones(len(source), np.int8), (source, target)), shape=(vertices, vertices))
    count, label = connected_components(adjacency, directed=True, connection="strong")
    return _by_distance(count, label, source, target)


def _by_distance(
    count: int, label: Int32[ndarray, " vertices"], source: Int32[ndarray, " edges"], target: Int32[ndarray, " edges"]
) -> tuple[Int32[ndarray, " vertices"], int]:
    """Return components numbered by the longest way to them (Kahn 1962), of one distance by their first vertex."""
    between = label[source] != label[target]
    edges = np.unique(label[source[between]].astype(np.int64) * count + label[target[between]])
    tail, head = (edges // count).astype(np.int32), (edges % count).astype(np.int32)
    begin = np.searchsorted(tail, np.arange(count + 1))
    waiting = np.bincount(head, minlength=count)
    distance = np.zeros(count, np.int32)
    front = np.flatnonzero(waiting == 0)
    level = 0
    while len(front):
        distance[front] = level
        lengths = begin[front + 1] - begin[front]
        reached = head[np.repeat(begin[front] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())]
        np.subtract.at(waiting, reached, 1)
        front = np.unique(reached[waiting[reached] == 0])
        level += 1
    first = np.full(count, len(label), np.int64)
    np.minimum.at(first, label, np.arange(len(label)))
    rank = np.empty(count, np.int32)
    rank[np.lexsort((first, distance))] = np.arange(count, dtype=np.int32)
    return rank[label], max(level - 1, 0)


def _side(
    vertices: int,
    state: Int32[ndarray, " edges"],
    neighbour: Int32[ndarray, " edges"],
    inner: Bool[ndarray, " edges"],
    edge: Int32[ndarray, " edges"],
) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Return offsets, where edges within the component begin, neighbours and edge numbers, by state."""
    order = np.lexsort((neighbour, inner, state))
    offsets = np.zeros(vertices + 1, np.int32)
    np.cumsum(np.bincount(state, minlength=vertices), out=offsets[1:])
    outer = np.bincount(state[~inner], minlength=vertices)
    return offsets, (offsets[:-1] + outer).astype(np.int32), neighbour[order], edge[order]
