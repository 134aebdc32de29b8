"""A phase-type graph: the states of an absorbing Markov chain, and the edges between them, as arrays.

>>> from sharpbits.phasetype import GraphBuilder
>>> builder = GraphBuilder(parameters=1)
>>> builder.start((3,))
>>> builder.edge((3,), (2,), coefficients=[3.0])
>>> builder.edge((2,), (1,), coefficients=[1.0])
>>> graph = builder.build()
>>> graph
Graph(continuous, linear: 3 states of 1 number, 1 absorbing, 2 edges, 1 parameter, 1 start; 112 bytes)
>>> graph.weights([0.5])
array([1.5, 0.5])

A graph is the structure of a distribution, the time until absorption; a value of its parameters θ makes it one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import checks
from sharpbits.phasetype.errors import UnknownStateError, shown

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Bool, Float64, Int32, Int64
    from matplotlib.figure import Figure

    from sharpbits.phasetype.matrices import Matrices


class Kind(StrEnum):
    """What time is, and so what a weight is."""

    #: Weights are rates.
    CONTINUOUS = "continuous"
    #: Weights are probabilities of a step; what is missing from 1 is the probability to stay.
    DISCRETE = "discrete"


class WeightMode(StrEnum):
    """How a weight follows from its base, its coefficients and the parameters θ."""

    #: ``base + coefficients·θ``.
    LINEAR = "linear"
    #: ``base · exp(coefficients·θ)``.
    LOG_LINEAR = "log_linear"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Graph:
    """States, edges and starts, checked, sorted and read-only.

    A state without outgoing edges is absorbing; there may be several. From a start every state is reached, and from
    every state an absorbing one, by edges whose weight is not 0 for all parameters.

    Memory, of n states of d numbers, m edges, s starts, p parameters: ``4 d + 8`` bytes a state, ``16 + 8 p`` bytes an
    edge, ``12 + 8 p`` bytes a start, and 8 more; see ``nbytes``. Looking up states builds a table once, of about
    ``4 d + 130`` bytes a state besides.

    Parameters
    ----------
    kind, weight_mode
        Of time, and of the weights.
    states
        Each row a state, each state once. Rows may stand in any order; builders number them as they are discovered.
    source, target
        Vertices (rows of ``states``) that the edges join, each pair once; edges are sorted by (source, target). An edge
        from a state to itself is for discrete time only.
    base, coefficients
        Of the edges' weights. An edge of constant weight has coefficients 0.
    start, start_base, start_coefficients
        Vertices that the chain starts in, each once, and their probabilities, made as weights are. They sum to at most
        1; the rest is the defect: the chance that the time is 0. A start may be absorbing, and its time is 0, too.

    Attributes
    ----------
    offsets
        The edges out of vertex i are those from ``offsets[i]`` to ``offsets[i + 1]``.

    Raises
    ------
    GraphError
        Something is malformed: it says what was expected, and what was given.
    """

    kind: Kind
    weight_mode: WeightMode
    states: Int32[np.ndarray, "n d"]
    source: Int32[np.ndarray, " m"]
    target: Int32[np.ndarray, " m"]
    base: Float64[np.ndarray, " m"]
    coefficients: Float64[np.ndarray, "m p"]
    start: Int32[np.ndarray, " s"]
    start_base: Float64[np.ndarray, " s"]
    start_coefficients: Float64[np.ndarray, "s p"]
    explored: InitVar[bool] = False
    offsets: Int64[np.ndarray, " n+1"] = field(init=False)

    def __post_init__(self, explored: bool) -> None:
        taken: dict[str, Any] = {
            "kind": checks.member(Kind, "kind", self.kind),
            "weight_mode": checks.member(WeightMode, "weight_mode", self.weight_mode),
        }
        for name in ("states", "coefficients", "start_coefficients", "source", "target", "base", "start", "start_base"):
            of = checks.integers if name in ("states", "source", "target", "start") else checks.reals
            dimensions = 2 if name.endswith(("states", "coefficients")) else 1
            taken[name] = of(name, getattr(self, name), dimensions=dimensions)
        taken |= _canonical(taken, explored=explored)
        for name, value in taken.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def vertices(self) -> int:
        """The number of states."""
        return len(self.states)

    @property
    def edges(self) -> int:
        """The number of edges; starts are none."""
        return len(self.source)

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return int(self.coefficients.shape[1])

    @property
    def state_length(self) -> int:
        """How many numbers a state is."""
        return int(self.states.shape[1])

    @functools.cached_property
    def absorbing(self) -> Bool[np.ndarray, " n"]:
        """Which vertices have no outgoing edge."""
        found: Bool[np.ndarray, " n"] = np.diff(self.offsets) == 0
        found.setflags(write=False)
        return found

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes."""
        return sum(array.nbytes for array in self._arrays().values()) + self.offsets.nbytes

    def weights(self, theta: npt.ArrayLike = ()) -> Float64[np.ndarray, "*batch m"]:
        """Return the edges' weights at parameters ``[p]``, or at each row of ``[B, p]``.

        Raises
        ------
        ParameterError
            The parameters are of the wrong number, or NaN; or a weight would be negative or infinite, or the
            probabilities out of a state of discrete time would sum to more than 1.
        """
        from sharpbits.phasetype.weights import weights

        return weights(self, theta)

    def start_probabilities(self, theta: npt.ArrayLike = ()) -> Float64[np.ndarray, "*batch s"]:
        """Return the starts' probabilities at parameters ``[p]``, or at each row of ``[B, p]``.

        Raises
        ------
        ParameterError
            The parameters are of the wrong number, or NaN; or a probability would be negative, or all of them would sum
            to more than 1.
        """
        from sharpbits.phasetype.weights import start_probabilities

        return start_probabilities(self, theta)

    def to_matrices(self, theta: npt.ArrayLike = ()) -> Matrices:
        """Return the initial distribution, the sub-intensity or sub-transition matrix, and the exit weights.

        See :func:`sharpbits.phasetype.matrices.to_matrices`.
        """
        from sharpbits.phasetype.matrices import to_matrices

        return to_matrices(self, theta)

    def vertex_of(self, state: Iterable[int]) -> int:
        """Return the vertex of a state.

        Raises
        ------
        UnknownStateError
            The graph has no such state.
        """
        wanted = tuple(state)
        try:
            row = np.array(wanted, dtype=np.int32)
            vertex = self._table.get(row.tobytes()) if row.tolist() == list(wanted) else None
        except (TypeError, ValueError, OverflowError):
            vertex = None
        if vertex is None:
            raise UnknownStateError(
                "the state cannot be looked up",
                why=f"the graph has no state {shown(wanted)}",
                resolution="name one of graph.states",
                states=self.vertices,
                state_length=self.state_length,
            )
        return vertex

    @functools.cached_property
    def _table(self) -> dict[bytes, int]:
        return {row: vertex for vertex, row in enumerate(checks.row_bytes(self.states))}

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 of the content in hexadecimal: equal for equal graphs, on every machine and in every version."""
        from sharpbits.phasetype.binary import digest

        return digest(self)

    def serialize(self) -> dict[str, Any]:
        """Return the graph as a dictionary of arrays: see :mod:`sharpbits.phasetype.serialisation`."""
        from sharpbits.phasetype.serialisation import serialize

        return serialize(self)

    @staticmethod
    def from_serialized(data: Mapping[str, Any]) -> Graph:
        """Return the graph of such a dictionary; arrays may be nested lists.

        Raises
        ------
        GraphError
            It is malformed, in whatever way; it says what was expected, and what was found.

        Examples
        --------
        ::

            from sharpbits.phasetype import Graph, GraphBuilder, WeightMode

            builder = GraphBuilder(parameters=1, weight_mode=WeightMode.LOG_LINEAR)
            builder.start((2,))
            builder.edge((2,), (1,), 3.0, coefficients=[1.0])
            builder.edge((1,), (0,), 0.5)  # a constant edge
            graph = builder.build()

            copy = Graph.from_serialized(graph.serialize())
            print(*copy.weights([2.0]))  # 3 exp(2), and 0.5
        """
        from sharpbits.phasetype.serialisation import from_serialized

        return from_serialized(data)

    def to_json(self) -> str:
        """Return the graph as JSON; read again, every number has the same bits."""
        from sharpbits.phasetype.serialisation import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> Graph:
        """Return the graph of such JSON.

        Raises
        ------
        GraphError
            It is malformed, in whatever way; it says what was expected, and what was found.
        """
        from sharpbits.phasetype.serialisation import from_json

        return from_json(text)

    def to_bytes(self) -> bytes:
        """Return the graph as bytes: see :mod:`sharpbits.phasetype.binary`."""
        from sharpbits.phasetype.binary import to_bytes

        return to_bytes(self)

    @staticmethod
    def from_bytes(data: bytes | bytearray | memoryview) -> Graph:
        """Return the graph of such bytes.

        Raises
        ------
        GraphError
            They are of another kind or version, cut short, or were changed.
        """
        from sharpbits.phasetype.binary import from_bytes

        return from_bytes(data)

    def plot(self, path: Path | None = None, *, theta: npt.ArrayLike | None = None) -> Figure:
        """Return a picture of a small graph, and write it where a path is given.

        See :func:`sharpbits.phasetype.picture.plot`.
        """
        from sharpbits.phasetype.picture import plot

        return plot(self, path, theta=theta)

    def __reduce__(self) -> tuple[Any, ...]:
        return Graph.from_bytes, (self.to_bytes(),)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that make the graph, in the order of its fields; offsets follow from them."""
        names = [one.name for one in fields(self) if one.name not in ("kind", "weight_mode", "offsets")]
        return {name: getattr(self, name) for name in names}

    def __eq__(self, other: object) -> bool:
        """Tell whether two graphs have the same states in the same order, with the same edges, weights and starts."""
        if not isinstance(other, Graph):
            return NotImplemented
        if self is other:
            return True
        return (self.kind, self.weight_mode) == (other.kind, other.weight_mode) and all(
            map(np.array_equal, self._arrays().values(), other._arrays().values())
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return (
            f"Graph({self.kind}, {self.weight_mode}: {_count(self.vertices, 'state')} of "
            f"{_count(self.state_length, 'number')}, {int(self.absorbing.sum()):,} absorbing, "
            f"{_count(self.edges, 'edge')}, {_count(self.parameters, 'parameter')}, "
            f"{_count(len(self.start), 'start')}; {self.nbytes:,} bytes)"
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def _canonical(given: dict[str, Any], *, explored: bool) -> dict[str, Any]:
    """Check that arrays of the right types are a graph; return them sorted, with offsets."""
    states, source, target, start = given["states"], given["source"], given["target"], given["start"]
    base, coefficients = given["base"], given["coefficients"]
    start_base, start_coefficients = given["start_base"], given["start_coefficients"]
    discrete, log_linear = given["kind"] is Kind.DISCRETE, given["weight_mode"] is WeightMode.LOG_LINEAR

    checks.check_states(states, distinct=explored)
    vertices, edges, parameters = len(states), len(source), coefficients.shape[1]
    checks.check_parameters(parameters)
    checks.check_shape("target", target, (edges,))
    checks.check_shape("base", base, (edges,))
    checks.check_shape("coefficients", coefficients, (edges, parameters))
    checks.check_shape("start_base", start_base, start.shape)
    checks.check_shape("start_coefficients", start_coefficients, (len(start), parameters))
    for name, indices in (("source", source), ("target", target), ("start", start)):
        checks.check_indices(name, indices, vertices)

    keys = source.astype(np.int64) * vertices + target
    order = _sorting(keys)
    source, target, base, coefficients = (one[order] for one in (source, target, base, coefficients))
    checks.check_edges(states, source, target, discrete=discrete)
    constant = checks.check_weights(
        base,
        coefficients,
        log_linear=log_linear,
        name=lambda edge: checks.edge_name(states, source[edge], target[edge]),
    )
    if discrete:
        sums = np.bincount(source, np.where(constant, base, 0.0), minlength=vertices)
        checks.check_sum(sums, name=lambda vertex: f"out of {checks.vertex_name(states, vertex)}")

    order = _sorting(start)
    start, start_base, start_coefficients = start[order], start_base[order], start_coefficients[order]
    checks.check_starts(states, start)
    constant = checks.check_weights(
        start_base,
        start_coefficients,
        log_linear=log_linear,
        name=lambda at: f"the start {checks.vertex_name(states, start[at])}",
    )
    checks.check_sum(np.sum(start_base, where=constant, keepdims=True), name=lambda _: "of the starts")

    offsets = np.zeros(vertices + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=vertices), out=offsets[1:])
    checks.check_paths(states, offsets, target, start, reached=explored)
    return {
        "source": source,
        "target": target,
        "base": base,
        "coefficients": coefficients,
        "start": start,
        "start_base": start_base,
        "start_coefficients": start_coefficients,
        "offsets": offsets,
    }


def _sorting(keys: npt.NDArray[Any]) -> slice | npt.NDArray[np.intp]:
    return slice(None) if (keys[1:] > keys[:-1]).all() else np.argsort(keys, kind="stable")
