"""A trace: the recorded elimination of a whole graph, to be replayed for any parameters.

::

    trace = record(graph)                        # once for a structure
    trace.moments(graph, theta, order=2)         # for any θ, or for many at once
    trace.covariance(graph, theta, rewards)

It depends on which edges there are, never on their weights. A graph's edges are eliminated in one piece (`record`), or
each strongly connected component by itself (:func:`~sharpbits.phasetype.hierarchy.record_hierarchically`); the numbers
are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.components import Components, transient_pattern
from sharpbits.phasetype.elimination import Elimination, check_edges, check_places, eliminate
from sharpbits.phasetype.errors import TraceError
from sharpbits.phasetype.graph import Graph

if TYPE_CHECKING:
    from jaxtyping import Float64, Int32, Int64


_ARRAYS = ("edge_offsets", "edge_target", "blocks", *kernel.Places._fields)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Trace:
    """The operations that eliminate a graph's transient vertices, in flat arrays, and the edges that they are for.

    Attributes
    ----------
    edge_offsets, edge_target
        The graph's edges.
    blocks
        What is eliminated together: block b is the places from ``blocks[b]`` to ``blocks[b + 1]``. Edges lead to the
        same block, a later one, or an absorbing vertex.
    order, lower_offsets, lower, upper_offsets, upper
        As an :class:`~sharpbits.phasetype.elimination.Elimination` has them, with ``order`` the graph's vertices.
    """

    edge_offsets: Int64[np.ndarray, " n+1"]
    edge_target: Int32[np.ndarray, " m"]
    blocks: Int64[np.ndarray, " blocks+1"]
    order: Int32[np.ndarray, " transient"]
    lower_offsets: Int64[np.ndarray, " transient+1"]
    lower: Int32[np.ndarray, " lower"]
    upper_offsets: Int64[np.ndarray, " transient+1"]
    upper: Int32[np.ndarray, " upper"]

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            dtype = np.int32 if name in ("edge_target", "order", "lower", "upper") else np.int64
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        vertices = check_edges(self.edge_offsets, self.edge_target)
        check_places(self.places(), vertices=vertices, blocks=self.blocks)
        transient = np.flatnonzero(np.diff(self.edge_offsets))
        row = kernel.first_incomplete_row(self.edge_offsets, self.edge_target, self.blocks, self.places())
        if row is not None or not np.array_equal(np.sort(self.order), transient):
            raise TraceError(
                "this is no trace",
                why="its vertices are not those that edges lead from"
                if row is None
                else f"it lacks operations of place {row}",
                resolution="record it again",
                vertices=vertices,
                transient=len(transient),
                places=len(self.order),
            )

    def __reduce__(self) -> tuple[Any, ...]:
        """Make it again from its arrays, checked as ever: what the kernel takes is of this process only."""
        return functools.partial(Trace, **{name: getattr(self, name) for name in _ARRAYS}), ()

    def places(self) -> kernel.Places:
        """Return the elimination as the kernel has it."""
        return kernel.Places(self.order, self.lower_offsets, self.lower, self.upper_offsets, self.upper)

    @functools.cached_property
    def place(self) -> Int32[np.ndarray, " n"]:
        """The place of each vertex; of the absorbing ones, which have none, the number of places."""
        found = np.full(len(self.edge_offsets) - 1, len(self.order), dtype=np.int32)
        found[self.order] = np.arange(len(self.order), dtype=np.int32)
        found.setflags(write=False)
        return found

    @functools.cached_property
    def tape(self) -> Any:
        """The trace as the kernel takes it."""
        return kernel.tape(self.edge_offsets, self.place[self.edge_target], self.blocks, self.places())

    @functools.cached_property
    def operations(self) -> int:
        """The number of multiplications and additions that eliminate; a solution costs one an edge besides."""
        return int(np.diff(self.upper_offsets)[self.lower].sum())

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes; the edges are the graph's own."""
        return self.blocks.nbytes + sum(array.nbytes for array in self.places())

    def check(self, graph: Graph) -> None:
        """Make sure that this is a trace of a graph's edges.

        Raises
        ------
        TraceError
            It is of another graph.
        """
        for ours, theirs in ((self.edge_target, graph.target), (self.edge_offsets, graph.offsets)):
            if ours is not theirs and not np.array_equal(ours, theirs):
                raise TraceError(
                    "the trace cannot be replayed",
                    why="it was recorded for a graph with other edges",
                    resolution="record a trace of this graph; parameters and weights may change, edges may not",
                    trace=repr(self),
                    graph=repr(graph),
                )

    def expectations(
        self, graph: Graph, theta: npt.ArrayLike = (), rewards: npt.ArrayLike | None = None, *, threads: int = 0
    ) -> Float64[np.ndarray, "*batch n"]:
        """Return the expected reward from every vertex: :func:`~sharpbits.phasetype.trace_moments.expectations`."""
        from sharpbits.phasetype.trace_moments import expectations

        return expectations(self, graph, theta, rewards, threads=threads)

    def moments(
        self,
        graph: Graph,
        theta: npt.ArrayLike = (),
        rewards: npt.ArrayLike | None = None,
        *,
        order: int = 1,
        threads: int = 0,
    ) -> Float64[np.ndarray, "*shape"]:
        """Return raw moments of rewards: :func:`~sharpbits.phasetype.trace_moments.moments`."""
        from sharpbits.phasetype.trace_moments import moments

        return moments(self, graph, theta, rewards, order=order, threads=threads)

    def joint_moments(
        self,
        graph: Graph,
        theta: npt.ArrayLike,
        rewards: npt.ArrayLike,
        powers: Iterable[Sequence[int]],
        *,
        threads: int = 0,
    ) -> Float64[np.ndarray, "*batch q"]:
        """Return moments of products of rewards: :func:`~sharpbits.phasetype.trace_moments.joint_moments`."""
        from sharpbits.phasetype.trace_moments import joint_moments

        return joint_moments(self, graph, theta, rewards, powers, threads=threads)

    def covariance(
        self, graph: Graph, theta: npt.ArrayLike = (), rewards: npt.ArrayLike | None = None, *, threads: int = 0
    ) -> Float64[np.ndarray, "*shape"]:
        """Return variances and covariances of rewards: :func:`~sharpbits.phasetype.trace_moments.covariance`."""
        from sharpbits.phasetype.trace_moments import covariance

        return covariance(self, graph, theta, rewards, threads=threads)

    def __eq__(self, other: object) -> bool:
        """Tell whether both are the same operations for the same edges."""
        if not isinstance(other, Trace):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _ARRAYS)

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.order.tobytes(), self.lower.tobytes(), self.upper.tobytes()))

    def __repr__(self) -> str:
        return (
            f"Trace({len(self.order):,} vertices in {len(self.blocks) - 1:,} blocks, {self.operations:,} operations; "
            f"{self.nbytes:,} bytes)"
        )


def record(graph: Graph) -> Trace:
    """Record the elimination of a graph in one piece. Cost: O(m log m) without cycles, else the order of one replay.

    Examples
    --------
    ::

        from sharpbits.phasetype import GraphBuilder, record

        builder = GraphBuilder(parameters=1)
        builder.start((1,))
        builder.edge((1,), (2,), coefficients=[1.0])  # two states that lead to each other
        builder.edge((2,), (1,), coefficients=[1.0])
        builder.edge((2,), (0,), coefficients=[1.0])
        graph = builder.build()

        trace = record(graph)
        for rate in (1.0, 2.0):
            print(*trace.moments(graph, [rate]))  # the mean: 3 / rate
    """
    pattern, vertices = transient_pattern(graph)
    whole = Components(graph, vertices, np.unique([0, len(vertices)]))
    return stitch(whole, {0: eliminate(pattern)} if pattern.size > 1 else {})


def stitch(components: Components, eliminations: Mapping[int, Elimination]) -> Trace:
    """Join the eliminations of a graph's components to a trace of the graph.

    Parameters
    ----------
    eliminations
        By the number of the component; those of a single vertex need none.

    Raises
    ------
    TraceError
        One is missing, or does not fit its component.
    """
    sizes = np.diff(components.offsets)
    missing = [one for one in components.cyclic.tolist() if one not in eliminations]
    if missing:
        raise TraceError(
            "the components cannot be joined",
            why=f"{len(missing)} eliminations are missing, the first of component {missing[0]}",
            resolution="record them all",
            components=components.count,
        )
    order = components.vertices.copy()
    lowers, uppers = np.zeros(len(order), np.int64), np.zeros(len(order), np.int64)
    lower, upper = [], []
    for number in components.cyclic.tolist():
        one = eliminations[number]
        begin, end = components.offsets[number : number + 2].tolist()
        if one.size != sizes[number]:
            raise TraceError(
                "the components cannot be joined",
                why=f"the elimination of component {number} has {one.size} vertices, the component {sizes[number]}",
                resolution="record it again",
            )
        order[begin:end] = components.vertices[begin:end][one.order]
        lowers[begin:end], uppers[begin:end] = np.diff(one.lower_offsets), np.diff(one.upper_offsets)
        lower.append(one.lower + begin)
        upper.append(one.upper + begin)
    return Trace(
        edge_offsets=components.graph.offsets,
        edge_target=components.graph.target,
        blocks=components.offsets,
        order=order,
        lower_offsets=_summed(lowers),
        lower=np.concatenate([*lower, np.empty(0, np.int32)]),
        upper_offsets=_summed(uppers),
        upper=np.concatenate([*upper, np.empty(0, np.int32)]),
    )


def _summed(counts: Int64[np.ndarray, " rows"]) -> Int64[np.ndarray, " rows+1"]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
