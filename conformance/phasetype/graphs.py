"""Random phase-type graphs for property tests, and what they mean by SciPy's matrix exponential.

A drawn graph takes every θ in [0.1, 2]ᵖ: ``thetas(graph)`` draws one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from scipy.linalg import expm

from sharpbits.phasetype import Graph, Kind, WeightMode

Array = npt.NDArray[Any]

#: Bounds of θ.
LOW, HIGH = 0.1, 2.0

kinds = st.sampled_from(list(Kind))
weight_modes = st.sampled_from(list(WeightMode))
#: Rates of any binary fraction, so that text must keep all 17 digits.
rates = st.floats(1e-3, 1e3)
#: Of 0, or of the size of θ: far enough from 0 that a weight's matrix entry does not underflow.
slopes = st.sampled_from([0.0, 0.0, 1.0]) | st.floats(1 / 64, 2.0) | st.floats(-2.0, -1 / 64)


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    kind: st.SearchStrategy[Kind] = kinds,
    weight_mode: st.SearchStrategy[WeightMode] = weight_modes,
    max_vertices: int = 8,
    max_parameters: int = 3,
    acyclic: bool = False,
) -> Graph:
    """Graphs with several starts, a defect, several absorbing states, cycles; in discrete time with self-loops.

    Every transient vertex has an edge to a later one, and every vertex but the first one from an earlier one, so all
    are reached and all can end; then the vertices are shuffled.
    """
    of, mode = draw(kind), draw(weight_mode)
    parameters = draw(st.integers(0, max_parameters))
    vertices = draw(st.integers(2, max_vertices))
    transient = draw(st.integers(1, vertices - 1))
    pairs = {(draw(st.integers(0, min(later, transient) - 1)), later) for later in range(1, vertices)}
    pairs |= {(one, draw(st.integers(one + 1, vertices - 1))) for one in range(transient)}
    extra = st.tuples(st.integers(0, transient - 1), st.integers(0, vertices - 1))
    for source, target in draw(st.lists(extra, max_size=2 * vertices)):
        if source < target or (not acyclic and (source != target or of is Kind.DISCRETE)):
            pairs.add((source, target))
    edges = sorted(pairs)
    starts = sorted({0, *draw(st.lists(st.integers(0, vertices - 1), max_size=2))})
    weights = [_weight(draw, parameters, mode) for _ in edges]
    probabilities = [_weight(draw, parameters, mode) for _ in starts]
    if of is Kind.DISCRETE:
        for vertex in range(transient):
            out = [place for place, (source, _) in enumerate(edges) if source == vertex]
            _scale(weights, out, mode, draw(st.sampled_from([1.0, 0.5]) | st.floats(0.1, 1.0)))
    _scale(probabilities, range(len(starts)), mode, draw(st.sampled_from([1.0, 0.75])))
    length = draw(st.integers(1, 3))
    numbers = st.integers(-2, 4) | st.integers(-(2**31), 2**31 - 1)
    states = draw(st.lists(st.tuples(*[numbers] * length), min_size=vertices, max_size=vertices, unique=True))
    order = np.array(draw(st.permutations(range(vertices))))
    return Graph(
        kind=of,
        weight_mode=mode,
        states=np.array(states),
        source=order[[source for source, _ in edges]],
        target=order[[target for _, target in edges]],
        base=np.array([weight[0] for weight in weights]),
        coefficients=np.array([weight[1:] for weight in weights]).reshape(len(edges), parameters),
        start=order[starts],
        start_base=np.array([weight[0] for weight in probabilities]),
        start_coefficients=np.array([weight[1:] for weight in probabilities]).reshape(len(starts), parameters),
    )


def thetas(graph: Graph) -> st.SearchStrategy[list[float]]:
    """Parameters that a drawn graph takes."""
    return st.lists(st.floats(LOW, HIGH), min_size=graph.parameters, max_size=graph.parameters)


def _weight(draw: st.DrawFn, parameters: int, mode: WeightMode) -> list[float]:
    """Base and coefficients of a weight that is positive for every θ."""
    base, along = draw(rates), draw(st.lists(slopes, min_size=parameters, max_size=parameters))
    if mode is WeightMode.LINEAR:
        base += HIGH * sum(-slope for slope in along if slope < 0)
        if any(slope > 0 for slope in along) and draw(st.booleans()):
            return [0.0, *map(abs, along)]
    return [base, *along]


def _scale(weights: list[list[float]], places: Any, mode: WeightMode, total: float) -> None:
    """Make probabilities of weights: at no θ do they sum to more than ``total``."""
    largest = sum(_largest(weights[place], mode) for place in places)
    for place in places:
        base, *along = weights[place]
        factor = total / largest * (1 - 1e-9)
        weights[place] = [base * factor, *(along if mode is WeightMode.LOG_LINEAR else [c * factor for c in along])]


def _largest(weight: list[float], mode: WeightMode) -> float:
    base, *along = weight
    most = sum(max(slope * LOW, slope * HIGH) for slope in along)
    return base * float(np.exp(most)) if mode is WeightMode.LOG_LINEAR else base + most


def dense(graph: Graph, theta: npt.ArrayLike) -> tuple[Array, Array]:
    """Return the initial distribution and the generator, or the transition matrix, over *all* vertices.

    Edge by edge, from what a graph says of itself: independent of ``to_matrices`` and of ``weights``.
    """
    parameters = np.asarray(theta, dtype=np.float64)

    def weight(base: float, coefficients: Array) -> float:
        along = float(sum(c * t for c, t in zip(coefficients, parameters, strict=True)))
        return base * float(np.exp(along)) if graph.weight_mode is WeightMode.LOG_LINEAR else base + along

    alpha, matrix = np.zeros(graph.vertices), np.zeros((graph.vertices, graph.vertices))
    for vertex, base, coefficients in zip(graph.start, graph.start_base, graph.start_coefficients, strict=True):
        alpha[vertex] = weight(base, coefficients)
    for source, target, base, coefficients in zip(
        graph.source, graph.target, graph.base, graph.coefficients, strict=True
    ):
        matrix[source, target] = weight(base, coefficients)
    rest = (0.0 if graph.kind is Kind.CONTINUOUS else 1.0) - matrix.sum(axis=1)
    return alpha, matrix + np.diag(rest)


def cdf(graph: Graph, theta: npt.ArrayLike, time: float) -> float:
    """Return the chance of being absorbed by a time, by scipy.linalg.expm or by powers of the transition matrix."""
    alpha, matrix = dense(graph, theta)
    after = expm(matrix * time) if graph.kind is Kind.CONTINUOUS else np.linalg.matrix_power(matrix, int(time))
    absorbing = np.setdiff1d(np.arange(graph.vertices), graph.source)
    return float((1.0 - alpha.sum()) + (alpha @ after)[absorbing].sum())
