"""Where to begin: parameters at which the model's times are of the size of those observed, and others around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.errors import ParameterError
from sharpbits.phasetype.graph import Graph, WeightMode
from sharpbits.phasetype.inference.domain import Domain, to_parameters
from sharpbits.phasetype.inference.errors import FitError
from sharpbits.phasetype.inference.observations import Observations
from sharpbits.phasetype.reward_moments import moments

Numbers = npt.NDArray[np.float64]

#: Numbers between which the middle is looked for: factors of 1e17, or probabilities that near to 0 and 1.
_FARTHEST = 40.0

#: Standard deviation of starts, in the numbers that stand for parameters; a unit is a factor of 2.7.
SPREAD = 1.0


def starting_points(
    graph: Graph,
    observations: Observations,
    domains: Sequence[Domain],
    both: Callable[[Numbers], tuple[Numbers, Numbers]],
    *,
    count: int,
    seed: int,
) -> Numbers:
    """Return ``[count, p]`` numbers that stand for parameters, the first in the middle, where the value is finite.

    ``both`` returns the values and the gradients at such rows.

    Raises
    ------
    FitError
        It is finite nowhere near.
    """
    middle = numbers_of_size(graph, observations, domains)
    draws = np.random.default_rng(seed).normal(size=(20 * count, graph.parameters)) * SPREAD
    draws[0] = 0
    points = middle + draws
    found: list[Numbers] = []
    for batch in np.split(points, 20):
        found.extend(batch[np.isfinite(both(batch)[0])])
        if len(found) >= count:
            return np.array(found[:count])
    if not found:
        raise FitError(
            "the fit cannot begin",
            why="the observations have no likelihood at any of the parameters that were tried",
            resolution="look at the unit of time of the observations, and at what the graph's parameters may be",
            tried=len(points),
            around=np.asarray(to_parameters(domains, jnp.asarray(middle))).tolist(),
            observed=f"times of the size of {observations.typical:g}",
        )
    return np.array(found)


def numbers_of_size(graph: Graph, observations: Observations, domains: Sequence[Domain]) -> Numbers:
    """Return equal numbers at which the mean time is that of the observations, by bisection; exponential weights: 0."""
    if graph.weight_mode is WeightMode.LOG_LINEAR:
        return np.zeros(graph.parameters)
    low, high = -_FARTHEST, _FARTHEST
    while high - low > 0.1:
        middle = (low + high) / 2
        theta = np.asarray(to_parameters(domains, jnp.full(graph.parameters, middle)))
        low, high = (low, middle) if _is_faster(graph, theta, observations.typical) else (middle, high)
    return np.full(graph.parameters, (low + high) / 2)


def _is_faster(graph: Graph, theta: Numbers, mean: float) -> bool:
    """Return whether times are shorter at these parameters, or the parameters too large for any."""
    try:
        return bool(moments(graph, 1, theta)[0] < mean)
    except ParameterError:
        return True
