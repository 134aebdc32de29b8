"""Replay a trace at one θ or many: the solutions of a program of right-hand sides, at the vertices that are wanted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.errors import ParameterError, shown
from sharpbits.phasetype.graph import Graph, Kind, WeightMode
from sharpbits.phasetype.reward_programs import Program
from sharpbits.phasetype.trace import Trace
from sharpbits.phasetype.weights import checked_parameters

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Int

_WHAT = "the moments cannot be computed"


def replay(
    trace: Trace,
    graph: Graph,
    theta: npt.ArrayLike,
    program: Program,
    vertices: Int[npt.NDArray[Any], " outputs"],
    threads: int,
) -> tuple[
    Float64[np.ndarray, "*batch p"], Float64[np.ndarray, "B solves outputs"], Bool[np.ndarray, "B outputs"]
]:  # fmt: skip
    """Return the checked parameters, the solutions at some vertices, and whether those are reached at each θ.

    What is never reached has a solution of 0. Raises as :func:`~sharpbits.phasetype.trace_moments.moments` does.
    """
    trace.check(graph)
    parameters = checked_parameters(graph, theta, what=_WHAT)
    rows = np.ascontiguousarray(np.atleast_2d(parameters))
    places = np.ascontiguousarray(trace.place[vertices])

    def run(batch: kernel.Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        return kernel.replay(
            trace.tape,
            batch,
            program.terms,
            program.multipliers,
            places,
            discrete=graph.kind is Kind.DISCRETE,
            threads=threads or len(os.sched_getaffinity(0)),
        )

    log_linear = graph.weight_mode is WeightMode.LOG_LINEAR
    values, status = run(kernel.Batch(graph.base, graph.coefficients, rows, log_linear))
    reached = np.ones((len(rows), len(vertices)), dtype=bool)
    for row in np.flatnonzero(status != kernel.DONE).tolist():
        weights = graph.weights(rows[row])  # tells what is wrong with them
        if status[row] == kernel.REFUSED:  # by the rounding of a sum: taken as they are, they are weights
            (values[row],), (status[row],) = run(kernel.Batch(given=weights[None]))
        if status[row] != kernel.DONE:
            reached[row] = _surely_absorbed(graph, rows[row], weights)[vertices]
            values[row][:, ~reached[row]] = 0.0
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        raise ParameterError(
            _WHAT,
            why="a moment is larger than a double can be",
            resolution="ask for fewer moments, or give weights and rewards in other units",
            theta=shown(rows[row].tolist()),
        )
    return parameters, values, reached


def _surely_absorbed(
    graph: Graph, theta: Float64[np.ndarray, " p"], weights: Float64[np.ndarray, " m"]
) -> Bool[np.ndarray, " n"]:
    """Return which vertices are reached at these weights; some may be 0. From all of those the chain must end."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    edges = np.flatnonzero(weights > 0)
    ends = (graph.source[edges], graph.target[edges])
    matrix = csr_array((np.ones(len(edges)), ends), shape=(graph.vertices,) * 2)
    starts = graph.start[graph.start_probabilities(theta) > 0]

    def within_reach(matrix: Any, roots: npt.NDArray[Any]) -> Bool[np.ndarray, " n"]:
        if not len(roots):
            return np.zeros(graph.vertices, dtype=bool)
        steps: Bool[np.ndarray, " n"] = np.isfinite(dijkstra(matrix, indices=roots, unweighted=True, min_only=True))
        return steps

    reached = within_reach(matrix, starts)
    trapped = reached & ~within_reach(matrix.T.tocsr(), np.flatnonzero(graph.absorbing))
    if trapped.any():
        vertex = int(np.flatnonzero(trapped)[0])
        raise ParameterError(
            _WHAT,
            why="absorption is not certain: some weights are 0 at these parameters, and the chain can be trapped",
            resolution="give parameters at which an absorbing state can be reached from everywhere",
            trapped=f"vertex {vertex}, state {shown(tuple(graph.states[vertex].tolist()))}",
            theta=shown(theta.tolist()),
        )
    return reached
