"""Quantiles of the time until absorption."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from sharpbits.errors import UsageError
from sharpbits.phasetype.arguments import check_theta, over_theta
from sharpbits.phasetype.chain import Chain, chain_of
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.numbers import is_known, same_type
from sharpbits.phasetype.reward_moments import moment_vectors
from sharpbits.phasetype.transient import Question, expectation

_WHAT = "the quantiles cannot be evaluated"

#: Points that a bracket is divided by, all of them times of one evaluation.
_POINTS = 32
#: Divisions of a bracket: a 30,000th of it is left, whose square, three times, is Newton's error.
_DIVISIONS = 3
#: Relative to the probability: what rounding may lack of it in discrete time.
_ROUNDING = 1e-14


def quantile(
    graph: Graph,
    probabilities: Float[ArrayLike, "*probabilities"],
    theta: Float[ArrayLike, "*batch parameters"] = (),
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, "*batch_probabilities"]:
    """Return the first time by which absorption has happened with each probability.

    Method: a bracket for all probabilities at once, doubled until it holds, then divided by 32 points at a time (one
    sequence of sparse products serves all points), then Newton's method on the distribution function, or above the
    median on the survival function. Cost: some dozen evaluations of :func:`~sharpbits.phasetype.cdf`, for any number of
    probabilities. Differentiable by θ and by the probabilities, the portable implementation twice; in discrete time,
    where a quantile is a number of steps, the derivative is 0.

    Parameters
    ----------
    graph
        Of either kind.
    probabilities
        From 0 to 1, a number or ``[P]``. Up to the chance of time 0 the quantile is 0, at 1 infinity.
    theta, implementation, tolerance, max_steps
        As :func:`~sharpbits.phasetype.pdf` has them.

    Returns
    -------
    Array
        ``[P]`` or ``[B, P]``. In discrete time, the first step by which the probability is reached to 1e-14.

    Raises
    ------
    UsageError
        A probability is below 0, above 1 or NaN (NaN under JAX's transformations), or shapes or types do not fit.
    ParameterError
        The graph cannot take this theta.
    SharpbitsError
        It would take more steps than ``max_steps``.
    """
    given, theta = same_type(_WHAT, probabilities=probabilities, theta=theta)
    check_theta(_WHAT, graph, theta)
    if given.ndim > 1:
        raise UsageError(
            _WHAT, why="the probabilities have the wrong shape", resolution="give a number or [P]", shape=given.shape
        )
    if is_known(given) and not ((np.asarray(given) >= 0) & (np.asarray(given) <= 1)).all():
        raise UsageError(
            _WHAT, why="a probability is below 0, above 1 or NaN", resolution="give probabilities from 0 to 1"
        )
    chain = chain_of(graph)

    def make() -> Callable[..., Array]:
        question = Question(chain.plan, chain.discrete, tolerance, max_steps)
        search = _steps if chain.discrete else _times

        def at(theta: Any, probabilities: Any) -> Any:
            return search(chain, question, implementation, theta, probabilities.reshape(-1)).reshape(
                probabilities.shape
            )

        return lambda theta, probabilities: over_theta(at, theta, probabilities)

    return chain.compiled((quantile, implementation, tolerance, max_steps), make)(theta, given)


def _regular(chain: Chain, theta: Any, probabilities: Any) -> tuple[Any, Any]:
    """Return the chance of time 0, and which probabilities have a quantile that is not 0 and not infinite."""
    at_once = jnp.maximum(1 - jnp.sum(chain.start(theta), where=~chain.absorbing), 0)
    return at_once, (probabilities > at_once) & (probabilities < 1)


def _with_ends(found: Any, probabilities: Any, regular: Any, at_once: Any) -> Any:
    ends = jnp.where(
        probabilities == 1, jnp.inf, jnp.where((probabilities >= 0) & (probabilities <= at_once), 0, jnp.nan)
    )
    ends = jnp.where((probabilities == 1) & (at_once >= 1), 0, ends)
    return jnp.where(regular, found, ends)


def _times(chain: Chain, question: Question, implementation: str, theta: Any, probabilities: Any) -> Any:
    at_once, regular = lax.stop_gradient(_regular(chain, theta, probabilities))
    wanted = jnp.where(regular, probabilities, (1 + at_once) / 2)
    upper = lax.stop_gradient(wanted > 0.5)

    def law(theta: Any) -> Callable[..., Any]:
        weights, start = chain.weights(theta), chain.start(theta)
        functionals = {
            "distribution": jnp.asarray(chain.absorbing, theta.dtype),
            "survival": jnp.asarray(~chain.absorbing, theta.dtype),
            "density": chain.exit_weights(weights),
        }
        added = {"distribution": jnp.maximum(1 - jnp.sum(start), 0)}

        def at(what: str, times: Any) -> Any:
            functional = functionals[what]
            value, _ = expectation(
                question, weights, start, functional, times, times[:0], implementation=implementation
            )
            return value + added.get(what, 0.0)

        return at

    fixed = law(lax.stop_gradient(theta))
    reached = functools.partial(_is_reached, fixed, wanted=lax.stop_gradient(wanted), upper=upper)
    ones = jnp.ones(chain.vertices, theta.dtype)
    mean = lax.stop_gradient(chain.start(theta) @ moment_vectors(chain, theta, ones, 1, implementation)[1])
    high = _doubled(reached, jnp.broadcast_to(mean, wanted.shape))
    low = jnp.zeros_like(high)
    low, high = lax.fori_loop(0, _DIVISIONS, lambda _, bracket: _divided(reached, *bracket), (low, high))

    def newton(at: Callable[..., Any], times: Any, wanted: Any) -> Any:
        # Both are near their targets: differences of numbers of one size.
        missing = jnp.where(upper, at("survival", times) - (1 - wanted), wanted - at("distribution", times))
        density = at("density", times)
        step = jnp.where(density > 0, missing / jnp.where(density > 0, density, 1), 0)
        return times + step

    # Each step that is differentiated doubles the order to which derivatives are those of the inverse function.
    moving = law(theta)
    found = lax.stop_gradient(jnp.clip(newton(fixed, (low + high) / 2, lax.stop_gradient(wanted)), low, high))
    found = jnp.clip(newton(moving, found, wanted), low, high)
    return _with_ends(newton(moving, found, wanted), probabilities, regular, at_once)


def _is_reached(at: Callable[..., Any], times: Any, wanted: Any, upper: Any) -> Any:
    """Return whether each probability is reached at its times ``[probabilities, …]``; above the median, by survival."""
    flat = times.reshape(-1)
    shape = (-1, *[1] * (times.ndim - 1))
    survived = at("survival", flat).reshape(times.shape) <= (1 - wanted).reshape(shape)
    happened = at("distribution", flat).reshape(times.shape) >= wanted.reshape(shape)
    return jnp.where(upper.reshape(shape), survived, happened)


def _doubled(reached: Callable[..., Any], high: Any) -> Any:
    """Return times at which each probability is reached."""
    limit = np.finfo(high.dtype).max / 4

    def double(carried: Any) -> Any:
        high, _ = carried
        done = reached(high)
        return jnp.where(done, high, 2 * high), done

    def more(carried: Any) -> Any:
        high, done = carried
        return ~jnp.all(done) & jnp.all(high < limit)

    return lax.while_loop(more, double, (high, jnp.zeros(high.shape, bool)))[0]


def _divided(reached: Callable[..., Any], low: Any, high: Any) -> Any:
    """Return the part of each bracket in which its probability is reached."""
    points = low[:, None] + (high - low)[:, None] * (jnp.arange(1, _POINTS, dtype=low.dtype) / _POINTS)
    before = jnp.sum(~reached(points), axis=1)
    edges = jnp.concatenate([low[:, None], points, high[:, None]], axis=1)
    place = jnp.arange(len(low))
    return edges[place, before], edges[place, before + 1]


def _steps(chain: Chain, question: Question, implementation: str, theta: Any, probabilities: Any) -> Any:
    theta, probabilities = lax.stop_gradient((theta, probabilities))
    at_once, regular = _regular(chain, theta, probabilities)
    wanted = jnp.where(regular, probabilities, (1 + at_once) / 2)
    weights, start = chain.weights(theta), chain.start(theta)
    transient = jnp.asarray(~chain.absorbing, theta.dtype)

    def reached(steps: Any) -> Any:
        flat = steps.reshape(-1)
        survival, _ = expectation(question, weights, start, transient, flat, flat[:0], implementation=implementation)
        shape = (-1, *[1] * (steps.ndim - 1))
        left, limit = survival.reshape(steps.shape), wanted.reshape(shape)
        return left <= (1 - limit) + _ROUNDING * jnp.minimum(limit, 1)

    high = _doubled(reached, jnp.ones_like(wanted))
    low = jnp.zeros_like(high)

    def divide(carried: Any) -> Any:
        low, high = carried
        points = low[:, None] + jnp.ceil((high - low)[:, None] * (jnp.arange(1, _POINTS, dtype=low.dtype) / _POINTS))
        points = jnp.minimum(points, high[:, None])
        before = jnp.sum(~reached(points), axis=1)
        edges = jnp.concatenate([low[:, None], points, high[:, None]], axis=1)
        place = jnp.arange(len(low))
        return edges[place, before], edges[place, before + 1]

    _, high = lax.while_loop(lambda bracket: jnp.any(bracket[1] - bracket[0] > 1), divide, (low, high))
    return _with_ends(high, probabilities, regular, at_once)
