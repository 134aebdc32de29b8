"""The strongly connected components of a graph: what has to be eliminated together, and what only follows.

A chain that leaves a component never comes back. So components are eliminated each by itself, and a weight that leaves
one needs no operation: it is an exit. A vertex that is on no cycle is a component alone and needs no elimination.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.pattern import Pattern

if TYPE_CHECKING:
    from jaxtyping import Int32, Int64


@dataclass(frozen=True, eq=False)
class Components:
    """The components of a graph's transient vertices, so numbered that edges lead to the same or a later one.

    Attributes
    ----------
    graph
        Whose they are.
    vertices
        The transient vertices, by component and within one in ascending order.
    offsets
        Component c is ``vertices[offsets[c] : offsets[c + 1]]``.
    """

    graph: Graph
    vertices: Int32[np.ndarray, " transient"]
    offsets: Int64[np.ndarray, " components+1"]

    @property
    def count(self) -> int:
        """The number of components."""
        return len(self.offsets) - 1

    @functools.cached_property
    def cyclic(self) -> Int64[np.ndarray, " cyclic"]:
        """The components of more than one vertex: those that need an elimination."""
        return np.flatnonzero(np.diff(self.offsets) > 1)

    def patterns(self) -> dict[int, Pattern]:
        """Return the pattern of each cyclic component; its vertices are numbered in the order of the graph's."""
        sizes = np.diff(self.offsets)
        component = np.full(self.graph.vertices, -1)
        component[self.vertices] = np.repeat(np.arange(self.count), sizes)
        local = np.zeros(self.graph.vertices, dtype=np.int64)
        local[self.vertices] = np.arange(len(self.vertices)) - np.repeat(self.offsets[:-1], sizes)

        source, target = self.graph.source, self.graph.target
        within = np.flatnonzero((component[source] == component[target]) & (source != target))
        within = within[np.argsort(component[source[within]], kind="stable")]
        begin = np.searchsorted(component[source[within]], self.cyclic)
        end = np.searchsorted(component[source[within]], self.cyclic, side="right")
        found = {}
        for one, first, last in zip(self.cyclic.tolist(), begin.tolist(), end.tolist(), strict=True):
            edges = within[first:last]
            offsets = np.searchsorted(local[source[edges]], np.arange(sizes[one] + 1))
            found[one] = Pattern(offsets, local[target[edges]])
        return found


def find_components(graph: Graph) -> Components:
    """Return the strongly connected components of a graph's transient vertices. Cost: O(n + m).

    The method is SciPy's (Pearce 2005); the numbers are ours, so that they are the same with every release of it.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pattern, vertices = transient_pattern(graph)
    matrix = csr_array((np.ones(pattern.edges, np.int8), pattern.targets, pattern.offsets), shape=(pattern.size,) * 2)
    count, label = connected_components(matrix, connection="strong")
    _, first, label = np.unique(label, return_index=True, return_inverse=True)
    number = np.empty(count, np.int64)
    number[np.argsort(first)] = np.arange(count)
    label = kernel.sorted_topologically(pattern.offsets, pattern.targets, number[label], count)
    offsets = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(label, minlength=count), out=offsets[1:])
    return Components(graph, vertices[np.argsort(label, kind="stable")], offsets)


def transient_pattern(graph: Graph) -> tuple[Pattern, Int32[np.ndarray, " transient"]]:
    """Return the pattern of all transient vertices, and which vertices those are."""
    transient = ~graph.absorbing
    vertices = np.flatnonzero(transient).astype(np.int32)
    number = np.cumsum(transient) - 1
    edges = np.flatnonzero(transient[graph.target] & (graph.source != graph.target))
    offsets = np.zeros(len(vertices) + 1, dtype=np.int64)
    np.cumsum(np.bincount(number[graph.source[edges]], minlength=len(vertices)), out=offsets[1:])
    return Pattern(offsets, number[graph.target[edges]]), vertices
