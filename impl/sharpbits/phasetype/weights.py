"""From parameters to weights: ``base + coefficients·θ``, or ``base · exp(coefficients·θ)``.

What θ may be is checked here, once for NumPy and for whoever computes the same in JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.checks import SUM_TOLERANCE, edge_name, vertex_name
from sharpbits.phasetype.errors import ParameterError, shown
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64


def weights(graph: Graph, theta: npt.ArrayLike = ()) -> Float64[np.ndarray, "*batch m"]:
    """Return the weights of a graph's edges; see :meth:`Graph.weights`."""
    what = "the weights cannot be computed"
    parameters = checked_parameters(graph, theta, what=what)
    found = _evaluated(graph, parameters, graph.base, graph.coefficients)
    _check(what, found, parameters, lambda edge: edge_name(graph.states, graph.source[edge], graph.target[edge]))
    if graph.kind is Kind.DISCRETE and graph.edges:
        leaving = np.flatnonzero(~graph.absorbing)
        sums = np.add.reduceat(found, graph.offsets[leaving], axis=-1)
        _check_sums(
            what, sums, parameters, lambda at: f"the probabilities out of {vertex_name(graph.states, leaving[at])}"
        )
    return found


def start_probabilities(graph: Graph, theta: npt.ArrayLike = ()) -> Float64[np.ndarray, "*batch s"]:
    """Return the probabilities of a graph's starts; see :meth:`Graph.start_probabilities`."""
    what = "the starts' probabilities cannot be computed"
    parameters = checked_parameters(graph, theta, what=what)
    found = _evaluated(graph, parameters, graph.start_base, graph.start_coefficients)
    _check(what, found, parameters, lambda at: f"the start {vertex_name(graph.states, graph.start[at])}")
    _check_sums(what, found.sum(axis=-1, keepdims=True), parameters, lambda _: "the starts' probabilities")
    return found


def checked_parameters(graph: Graph, theta: npt.ArrayLike, *, what: str) -> Float64[np.ndarray, "*batch p"]:
    """Return parameters as float64.

    Parameters
    ----------
    what
        Cannot be done with parameters of another kind.

    Raises
    ------
    ParameterError
        They are not ``[p]`` or ``[B, p]`` finite numbers.
    """
    wanted = f"an array of shape ({graph.parameters},) or (B, {graph.parameters})"
    try:
        given = np.asarray(theta)
    except (ValueError, TypeError) as error:
        raise ParameterError(
            what, why=f"theta {shown(theta)} is no array", resolution=f"give theta as {wanted}"
        ) from error
    if given.dtype.kind not in "iuf":
        raise ParameterError(
            what, why=f"theta holds {given.dtype}, no real numbers", resolution=f"give theta as {wanted}"
        )
    if given.ndim not in (1, 2) or given.shape[-1] != graph.parameters:
        raise ParameterError(
            what,
            why="theta has the wrong shape",
            resolution=f"give theta as {wanted}",
            expected=f"({graph.parameters},) or (B, {graph.parameters})",
            actual=given.shape,
        )
    if not np.isfinite(given).all():
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(given))[0])
        raise ParameterError(
            what,
            why="theta is not finite",
            resolution="give finite parameters",
            expected="finite numbers",
            actual=f"{given[where]} at {shown(where if len(where) > 1 else where[0])}",
        )
    return given.astype(np.float64)


def _evaluated(
    graph: Graph,
    theta: Float64[np.ndarray, "*batch p"],
    base: Float64[np.ndarray, " k"],
    coefficients: Float64[np.ndarray, "k p"],
) -> Float64[np.ndarray, "*batch k"]:
    with np.errstate(over="ignore", invalid="ignore"):  # told by _check, with what it happens at
        along = theta @ coefficients.T
        if graph.weight_mode is WeightMode.LOG_LINEAR:
            powers: Float64[np.ndarray, "*batch k"] = base * np.exp(along)
            return powers
        found: Float64[np.ndarray, "*batch k"] = base + along
        # 0.3 - θ₁ - θ₂ may miss 0 by the rounding of its p + 1 terms: that is no negative weight.
        terms = np.abs(base) + np.abs(theta) @ np.abs(coefficients).T
        rounding = (theta.shape[-1] + 1) * np.finfo(np.float64).eps * terms
        return np.where((found < 0) & (found >= -rounding), 0.0, found)


def _check(
    what: str,
    found: Float64[np.ndarray, "*batch k"],
    theta: Float64[np.ndarray, "*batch p"],
    name: Callable[[int], str],
) -> None:
    bad = ~(np.isfinite(found) & (found >= 0))
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        raise ParameterError(
            what,
            why=f"{name(where[-1])} has the weight {found[where]}",
            resolution="give parameters at which no weight is negative or infinite",
            expected="a finite weight of at least 0",
            actual=float(found[where]),
            theta=shown(theta[where[:-1]].tolist()),
        )


def _check_sums(
    what: str, sums: Float64[np.ndarray, "*batch k"], theta: Float64[np.ndarray, "*batch p"], name: Callable[[int], str]
) -> None:
    above = sums > 1 + SUM_TOLERANCE
    if above.any():
        where = tuple(np.argwhere(above)[0])
        raise ParameterError(
            what,
            why=f"{name(where[-1])} sum to more than 1",
            resolution="give parameters at which they are probabilities",
            expected="a sum of at most 1",
            actual=float(sums[where]),
            theta=shown(theta[where[:-1]].tolist()),
        )
