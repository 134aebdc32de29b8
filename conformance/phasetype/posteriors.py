"""Posteriors of few parameters by quadrature: what draws are held against."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.inference import Posterior

Array = npt.NDArray[np.float64]


class Exact(NamedTuple):
    """Mean and standard deviation ``[p]``, and the grid that they come from: parameters ``[N, p]``, their chances."""

    mean: Array
    deviation: Array
    theta: Array
    chance: Array

    def cdf(self, theta: float) -> float:
        """Return the chance that the first parameter is at most this."""
        return float(self.chance[self.theta[:, 0] <= theta].sum())


def quadrature(posterior: Posterior, *ranges: tuple[float, float], points: int = 401) -> Exact:
    """Return a posterior by the trapezium rule over ranges of the numbers that stand for parameters.

    The rule converges faster than any power of the spacing where the density is smooth and vanishes at the ends; that
    it does vanish there is checked.
    """
    axes = [np.linspace(*one, points) for one in ranges]
    free = np.array(list(itertools.product(*axes)))
    compiled = jax.jit(posterior.log_density)
    logs = np.concatenate([np.asarray(compiled(jnp.asarray(part))) for part in np.array_split(free, points)])
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    grid = chance.reshape([points] * len(axes))
    for axis in range(len(axes)):
        assert max(grid.take(end, axis=axis).max() for end in (0, -1)) < 1e-9 * grid.max(), "the range is too narrow"
    theta = np.asarray(posterior.parameters(jnp.asarray(free)))
    mean = chance @ theta
    return Exact(mean, np.sqrt(chance @ (theta - mean) ** 2), theta, chance)
