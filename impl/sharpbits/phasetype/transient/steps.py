"""How much each step of a chain counts at each time, in ``jax.numpy``: Poisson probabilities, or one step.

The compiled kernel has its own (``impl/native/phasetype/step_weights.hpp``).
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln

#: Of the series of log(k/x), which has terms like 0.1 ** (2 j): to rounding in float64.
_TERMS = 10


@jax.custom_jvp
def poisson(step: Any, mean: Any) -> Any:
    """Return the probability of ``step`` events where ``mean`` are expected; 0 at a negative step.

    Method: saddle-point form (C. Loader, "Fast and accurate computation of binomial probabilities", 2000): what cancels
    between log x**k, x and log k! is of the size of |k - x|, not of k.
    """
    k, x = jnp.maximum(step, 1), jnp.where(mean > 0, mean, 1)
    logarithm = -_stirling_error(k) - _deviance(k, x) - 0.5 * jnp.log(2 * jnp.pi * k)
    positive = jnp.where(mean > 0, jnp.exp(logarithm), 0)
    return jnp.where(step > 0, positive, jnp.where(step == 0, jnp.exp(-mean), 0))


@poisson.defjvp
def _poisson_jvp(primals: Any, tangents: Any) -> Any:
    step, mean = primals
    value = poisson(step, mean)
    return value, (poisson(step - 1, mean) - value) * tangents[1]


def _stirling_error(k: Any) -> Any:
    """Return log k! less Stirling's formula, k at least 1."""
    small = gammaln(k + 1) - (k + 0.5) * jnp.log(k) + k - 0.91893853320467274178
    square = 1 / (k * k)
    large = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - square / 1188) * square) * square) * square) / k
    return jnp.where(k < 16, small, large)


def _deviance(k: Any, x: Any) -> Any:
    """Return k log(k/x) + x - k."""
    ratio = (k - x) / (k + x)
    near = jnp.abs(ratio) < 0.1
    small = jnp.where(near, ratio, 0)
    square = small * small
    series = functools.reduce(
        lambda sum_, j: sum_ * square + 1 / (2 * j + 1), range(_TERMS, 0, -1), jnp.zeros_like(small)
    )
    close = small * (k - x) + 2 * k * small * square * series
    return jnp.where(near, close, k * jnp.log(k / x) - (k - x))


def step_weights(discrete: bool, step: Any, mean: Any) -> Any:
    """Return how much a step counts at each time of mean ``mean``."""
    return jnp.where(step == mean, 1.0, 0.0).astype(mean.dtype) if discrete else poisson(step, mean)


def weight_behind(discrete: bool, step: Any, mean: Any, weight: Any, growth: Any) -> Any:
    """Return a bound of what all steps from ``step`` on count, each ``growth`` times as much as the one before.

    ``weight`` is that of ``step``. A geometric series; infinite where it does not converge.
    """
    if discrete:
        return jnp.where(step > mean, 0.0, jnp.inf).astype(mean.dtype)
    ratio = mean * growth / (step + 1)
    return jnp.where(ratio < 1, weight / jnp.where(ratio < 1, 1 - ratio, 1), jnp.inf)


def stopped(tree: Any) -> Any:
    """Return arrays that nothing is differentiated through."""
    return jax.tree.map(lax.stop_gradient, tree)
