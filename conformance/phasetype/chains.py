"""Small graphs by name, which the tests of evaluation share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import Graph, GraphBuilder, Kind, WeightMode, block_counting, coalescent, mm1k, two_island

Array = npt.NDArray[np.float64]


def erlang(stages: int) -> Graph:
    """theta: the rate of every stage."""
    builder = GraphBuilder(parameters=1)
    builder.start((stages,))
    for stage in range(stages, 0, -1):
        builder.edge((stage,), (stage - 1,), coefficients=[1.0])
    return builder.build()


def hypoexponential() -> Graph:
    """theta: the rates of three stages."""
    builder = GraphBuilder(parameters=3)
    builder.start((3,))
    for stage in range(3, 0, -1):
        builder.edge((stage,), (stage - 1,), coefficients=np.eye(3)[3 - stage])
    return builder.build()


def branching() -> Graph:
    """Two starts and a defect, two absorbing states, a cycle, constant edges and edges of theta."""
    builder = GraphBuilder(parameters=2)
    builder.start((1,), 0.25)
    builder.start((2,), 0.25, [0.0, 0.125])
    builder.edge((1,), (2,), 0.5, [1.0, 0.0])
    builder.edge((2,), (1,), 0.25)
    builder.edge((1,), (3,), coefficients=[0.0, 2.0])
    builder.edge((2,), (4,), coefficients=[0.5, 0.5])
    builder.edge((2,), (3,), 1.5)
    builder.edge((3,), (2,), coefficients=[0.25, 0.0])
    builder.edge((3,), (5,), 0.75)
    return builder.build()


def log_linear() -> Graph:
    """As :func:`branching`, a little: weights are exponentials of theta."""
    builder = GraphBuilder(parameters=2, weight_mode=WeightMode.LOG_LINEAR)
    builder.start((1,), 0.75)
    builder.edge((1,), (2,), 1.5, [1.0, 0.0])
    builder.edge((2,), (1,), 0.5, [-0.5, 1.0])
    builder.edge((2,), (0,), 2.0, [0.0, -1.0])
    return builder.build()


def geometric() -> Graph:
    """theta: the probability of success."""
    builder = GraphBuilder(parameters=1, kind=Kind.DISCRETE)
    builder.start((1,))
    builder.edge((1,), (0,), coefficients=[1.0])
    return builder.build()


def discrete_walk() -> Graph:
    """Discrete time, cyclic, with a defect, a loop and a state that is left for certain."""
    builder = GraphBuilder(parameters=2, kind=Kind.DISCRETE)
    builder.start((1,), 0.5)
    builder.start((2,), 0.25)
    builder.edge((1,), (2,), coefficients=[1.0, 0.0])
    builder.edge((2,), (1,), 0.25)
    builder.edge((2,), (2,), 0.125)
    builder.edge((2,), (3,), coefficients=[0.0, 0.5])
    builder.edge((3,), (1,), 0.5)
    builder.edge((3,), (0,), 0.5)
    builder.edge((1,), (0,), coefficients=[0.0, 0.25])
    return builder.build()


#: Name: graph and theta.
CONTINUOUS: dict[str, tuple[Graph, list[float]]] = {
    "exponential": (erlang(1), [2.5]),
    "Erlang of 7": (erlang(7), [3.0]),
    "hypoexponential": (hypoexponential(), [0.5, 2.0, 11.0]),
    "branching": (branching(), [0.75, 1.25]),
    "log-linear": (log_linear(), [0.25, 0.75]),
    "coalescent of 5": (coalescent(5), [0.75]),
    "block counting of 5": (block_counting(5), [1.5]),
    "queue of 4": (mm1k(4), [0.75, 1.25]),
    "two islands of 3": (two_island(2, 1), [1.0, 0.5, 0.25, 0.375]),
}

DISCRETE: dict[str, tuple[Graph, list[float]]] = {
    "geometric": (geometric(), [0.25]),
    "discrete walk": (discrete_walk(), [0.625, 0.75]),
}

EVERY = {**CONTINUOUS, **DISCRETE}


def as_arrays(graph: Graph, theta: Any) -> tuple[Array, Array, Array, Array]:
    """Start, generator (or P), exits and which vertices are transient: dense, in NumPy, for SciPy."""
    n = graph.vertices
    weight = graph.weights(theta)
    matrix = np.eye(n) if graph.kind is Kind.DISCRETE else np.zeros((n, n))
    np.add.at(matrix, (graph.source, graph.target), weight)
    np.add.at(matrix, (graph.source, graph.source), -weight)
    start = np.zeros(n)
    start[graph.start] = graph.start_probabilities(theta)
    exits = np.zeros(n)
    ends = graph.absorbing[graph.target]
    np.add.at(exits, graph.source[ends], weight[ends])
    return start, matrix, exits, (~graph.absorbing).astype(float)
