"""Moments of the time until absorption and of rewards collected on the way, and covariances of rewards.

The reward of a state is earned for every unit of time, or every step, that the chain is in it. Moments solve linear
equations (Bladt and Nielsen, "Matrix-Exponential Distributions in Applied Probability", 2017, section 8.1), here by
elimination without subtractions: exact to some units in the last place on stiff and cyclic models, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from sharpbits.errors import UsageError
from sharpbits.phasetype.arguments import check_rewards, check_theta, over_theta
from sharpbits.phasetype.chain import Chain, chain_of
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.numbers import same_type
from sharpbits.phasetype.resolvent import Resolvent

_Theta = Float[ArrayLike, "*batch parameters"]


def moments(
    graph: Graph,
    order: int,
    theta: _Theta = (),
    *,
    rewards: Float[ArrayLike, " vertices"] | Float[ArrayLike, "vertices r"] | None = None,
    implementation: str = "auto",
) -> Float[Array, "*batch order *r"]:
    """Return E[Y], E[Y²], … up to an order, of the time until absorption or of a reward.

    Cost: one sparse elimination and ``order`` solutions for each θ. Differentiable in every mode and to any order.

    Parameters
    ----------
    graph
        Of either kind.
    order
        At least 1.
    theta
        ``[p]`` or ``[B, p]``.
    rewards
        ``[vertices]``, or ``[vertices, r]`` for r rewards, at least 0; those of absorbing states are never earned.
        1 for each state is the time itself.
    implementation
        ``auto``, ``kernel`` or ``portable``.

    Returns
    -------
    Array
        ``[order]``, with ``B`` in front and ``r`` behind where there are several.

    Raises
    ------
    UsageError
        The order is no positive integer, a reward is negative or NaN, or shapes or types do not fit.
    ParameterError
        The graph cannot take this theta.

    Examples
    --------
    ::

        import jax

        from sharpbits.phasetype import GraphBuilder, Kind, moments

        jax.config.update("jax_enable_x64", True)
        builder = GraphBuilder(kind=Kind.DISCRETE)
        builder.start((1,))
        builder.edge((1,), (0,), 0.25)  # at every step with a chance of 1/4

        mean, square = moments(builder.build(), 2).tolist()
        print(mean, square - mean**2)  # 4, and the variance 12
    """
    what = "the moments cannot be evaluated"
    check_order(what, order)
    rewards = [1.0] * graph.vertices if rewards is None else rewards
    theta, rewards = same_type(what, theta=theta, rewards=rewards)
    check_theta(what, graph, theta)
    check_rewards(what, graph, rewards, several=True)
    chain = chain_of(graph)

    def make() -> Callable[..., Array]:
        def at(theta: Any, rewards: Any) -> Any:
            start = chain.start(theta)

            def of_one(reward: Any) -> Any:
                return jnp.stack(
                    [start @ one for one in moment_vectors(chain, theta, reward, order, implementation)[1:]]
                )

            return jax.vmap(of_one, in_axes=1, out_axes=1)(rewards) if rewards.ndim == 2 else of_one(rewards)

        return lambda theta, rewards: over_theta(at, theta, rewards)

    return chain.compiled((moments, order, implementation), make)(theta, rewards)


def covariance(
    graph: Graph,
    rewards: Float[ArrayLike, "vertices r"],
    theta: _Theta = (),
    *,
    implementation: str = "auto",
) -> Float[Array, "*batch r r"]:
    """Return the covariances of r rewards; see :func:`moments`. Cost: one elimination, r + 1 solutions.

    It is the difference of E[YZ] and E[Y]E[Z], and as exact as these are.

    Examples
    --------
    ::

        import jax

        from sharpbits.phasetype import coalescent, covariance

        jax.config.update("jax_enable_x64", True)
        rewards = [[1.0, 3.0], [1.0, 2.0], [0.0, 0.0]]  # of 3 lineages, 2 and 1: a tree's height, and its length
        print(covariance(coalescent(3), rewards, [1.0]))  # 10/9 and 7/3, 7/3 and 5
    """
    what = "the covariance cannot be evaluated"
    theta, rewards = same_type(what, theta=theta, rewards=rewards)
    check_theta(what, graph, theta)
    check_rewards(what, graph, rewards, several=True)
    if rewards.ndim != 2:
        raise UsageError(
            what, why="there is one reward", resolution="give rewards [vertices, r]", rewards=rewards.shape
        )
    chain = chain_of(graph)

    def make() -> Callable[..., Array]:
        def at(theta: Any, rewards: Any) -> Any:
            start = chain.start(theta)
            first, second = joint_moments(chain, theta, rewards, start, implementation)
            means = start @ first
            return second - jnp.outer(means, means)

        return lambda theta, rewards: over_theta(at, theta, rewards)

    return chain.compiled((covariance, implementation), make)(theta, rewards)


def moment_vectors(chain: Chain, theta: Any, reward: Any, order: int, implementation: str) -> list[Any]:
    """Return E[Y⁰], …, E[Y to the order] for a start in each vertex: where absorbed 1, and then 0."""
    weights = chain.weights(theta)
    resolvent = Resolvent(chain.plan, weights, implementation)
    found = [jnp.ones(chain.vertices, theta.dtype)]
    for power in range(1, order + 1):
        if chain.discrete:
            # Y = reward + Y', Y' earned from the next state on.
            parts = [
                math.comb(power, low) * reward ** (power - low) * _next(chain, weights, one)
                for low, one in enumerate(found)
            ]
            found.append(resolvent(sum(parts)))
        else:
            found.append(power * resolvent(reward * found[-1]))
    return found


def joint_moments(chain: Chain, theta: Any, rewards: Any, start: Any, implementation: str) -> tuple[Any, Any]:
    """Return E[Y] for a start in each vertex, ``[vertices, r]``, and E[Y Z] for ``start``, ``[r, r]``."""
    weights = chain.weights(theta)
    resolvent = Resolvent(chain.plan, weights, implementation)
    first = jax.vmap(resolvent, in_axes=1, out_axes=1)(rewards)
    visits = resolvent.row(start)[:, None]  # the expected time in each vertex
    later = first
    if chain.discrete:
        later = jax.vmap(lambda one: _next(chain, weights, one), in_axes=1, out_axes=1)(first)
    cross = (visits * rewards).T @ later
    both = (visits * rewards).T @ rewards if chain.discrete else 0.0
    return first, both + cross + cross.T


def _next(chain: Chain, weights: Any, column: Any) -> Any:
    """Return P column: what is expected one step later, in discrete time."""
    edges = chain.plan.edges
    weight = weights[edges.number]
    stay = 1 - jax.ops.segment_sum(weight, edges.source, chain.vertices)
    return stay * column + jax.ops.segment_sum(weight * column[edges.target], edges.source, chain.vertices)


def check_order(what: str, order: Any) -> None:
    """Refuse what is no order of a moment."""
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise UsageError(what, why=f"{order!r} is no order of a moment", resolution="give an integer of at least 1")
