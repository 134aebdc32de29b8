"""Parameters that change at given times: a graph's distribution under θ₁ until t₁, θ₂ until t₂, and so on.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from sharpbits.phasetype import coalescent, epochs
>>> graph = coalescent(2)
>>> epochs.survival(graph, [1.0, 2.0], thetas=[[1.0], [3.0]], changes=[1.0])
Array([0.36787944, 0.01831564], dtype=float64)

A demographic history is one: the rate of coalescence changes with the size of the population. Everything is exact: the
state's distribution at the end of an epoch is where the next one begins, rewards are collected by a chain that counts
their powers beside its states. All results are differentiable by times, by every epoch's θ and by the change times.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from sharpbits.errors import UsageError
from sharpbits.phasetype.arguments import check_rewards, check_theta
from sharpbits.phasetype.chain import Chain, chain_of
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.numbers import is_known, same_type
from sharpbits.phasetype.plan import Plan, make_plan
from sharpbits.phasetype.reward_moments import check_order, joint_moments, moment_vectors
from sharpbits.phasetype.sampling import sample_epochs as sample
from sharpbits.phasetype.transient import Question, expectation

__all__ = ["cdf", "covariance", "moments", "pdf", "pmf", "sample", "survival"]

_Thetas = Float[ArrayLike, "epochs parameters"]
_Changes = Float[ArrayLike, " epochs-1"]
_Times = Float[ArrayLike, "*times"]


class _Options(NamedTuple):
    implementation: str
    tolerance: float
    max_steps: int


def pdf(
    graph: Graph,
    times: _Times,
    thetas: _Thetas,
    changes: _Changes,
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, "*times"]:
    """Return the density of the time until absorption, in continuous time.

    At a change it is that of the later epoch: the density jumps there.

    Parameters
    ----------
    graph
        Of continuous time.
    times
        A number or ``[T]``.
    thetas
        ``[E, p]``: θ in each epoch. The starts' probabilities are those of the first.
    changes
        ``[E - 1]``: when each epoch but the last one ends; positive, ascending.
    implementation, tolerance, max_steps
        As :func:`sharpbits.phasetype.pdf` has them, for each epoch.

    Raises
    ------
    UsageError
        The graph is of discrete time, a time is NaN, changes do not ascend, or shapes or types do not fit.
    ParameterError
        The graph cannot take one of the thetas.
    SharpbitsError
        An epoch would take more steps than ``max_steps``.
    """
    if graph.kind is Kind.DISCRETE:
        raise UsageError("the graph has no density", why="its time is discrete", resolution="use epochs.pmf")
    options = _Options(implementation, tolerance, max_steps)
    return _evaluate("the density", "density", graph, times, thetas, changes, options)


def pmf(
    graph: Graph,
    times: _Times,
    thetas: _Thetas,
    changes: _Changes,
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, "*times"]:
    """Return the probability of absorption after so many steps, in discrete time; see :func:`pdf`.

    A change at t means that the first t steps are of the earlier epoch.
    """
    if graph.kind is not Kind.DISCRETE:
        raise UsageError("the graph has no pmf", why="its time is continuous", resolution="use epochs.pdf")
    options = _Options(implementation, tolerance, max_steps)
    return _evaluate("the probability", "probability", graph, times, thetas, changes, options)


def cdf(
    graph: Graph,
    times: _Times,
    thetas: _Thetas,
    changes: _Changes,
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, "*times"]:
    """Return the probability that absorption happens at or before each time; see :func:`pdf`."""
    options = _Options(implementation, tolerance, max_steps)
    return _evaluate("the distribution function", "distribution", graph, times, thetas, changes, options)


def survival(
    graph: Graph,
    times: _Times,
    thetas: _Thetas,
    changes: _Changes,
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, "*times"]:
    """Return the probability that absorption happens after each time; see :func:`pdf`."""
    options = _Options(implementation, tolerance, max_steps)
    return _evaluate("the survival function", "survival", graph, times, thetas, changes, options)


def moments(
    graph: Graph,
    order: int,
    thetas: _Thetas,
    changes: _Changes,
    *,
    rewards: Float[ArrayLike, " vertices"] | None = None,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> Float[Array, " order"]:
    """Return E[Y], E[Y²], … up to an order, of the time until absorption or of a reward ``[vertices]``.

    Method: with A_l(i) = E[Yˡ; in state i], the chain is joined by ``order`` copies of itself, A_l growing by
    l · reward(i) · A_{l-1}(i) (Van Loan 1978), and evaluated at the end of each epoch; behind the last change, the
    moments of the last epoch from where it begins. See :func:`pdf` and :func:`sharpbits.phasetype.moments`.
    """
    what = "the moments cannot be evaluated"
    check_order(what, order)
    _only_continuous(what, graph)
    rewards = [1.0] * graph.vertices if rewards is None else rewards
    thetas, changes, rewards = same_type(what, thetas=thetas, changes=changes, rewards=rewards)
    _check(what, graph, thetas, changes)
    check_rewards(what, graph, rewards, several=False)
    chain = chain_of(graph)
    options = _Options(implementation, tolerance, max_steps)
    gains = tuple((power - 1, power, 0, float(power)) for power in range(1, order + 1))

    def make() -> Callable[..., Array]:
        def at(thetas: Any, changes: Any, rewards: Any) -> Any:
            collected = _collected(chain, options, gains, tuple(range(order + 1)), thetas, changes, rewards[:, None])
            later = moment_vectors(chain, thetas[-1], rewards, order, implementation)
            parts = [
                [math.comb(power, low) * (collected[low] @ later[power - low]) for low in range(power + 1)]
                for power in range(1, order + 1)
            ]
            return jnp.stack([sum(one) for one in parts])

        return at

    return chain.compiled((moments, order, options), make)(thetas, changes, rewards)


def covariance(
    graph: Graph,
    rewards: Float[ArrayLike, "vertices r"],
    thetas: _Thetas,
    changes: _Changes,
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> tuple[Float[Array, " r"], Float[Array, "r r"]]:
    """Return the means and the covariances of r rewards; see :func:`moments` and :func:`pdf`."""
    what = "the covariance cannot be evaluated"
    _only_continuous(what, graph)
    thetas, changes, rewards = same_type(what, thetas=thetas, changes=changes, rewards=rewards)
    _check(what, graph, thetas, changes)
    check_rewards(what, graph, rewards, several=True)
    if rewards.ndim != 2:
        raise UsageError(
            what, why="there is one reward", resolution="give rewards [vertices, r]", rewards=rewards.shape
        )
    chain, count = chain_of(graph), rewards.shape[1]
    options = _Options(implementation, tolerance, max_steps)
    # Level 0 is the chain, then one level for each reward, then one for each pair.
    pairs = list(itertools.combinations_with_replacement(range(count), 2))
    gains = [(0, 1 + one, one, 1.0) for one in range(count)]
    for level, (one, other) in enumerate(pairs, start=1 + count):
        gains.append((1 + one, level, other, 1.0 if one != other else 2.0))
        if one != other:
            gains.append((1 + other, level, one, 1.0))
    degrees = (0, *[1] * count, *[2] * len(pairs))

    def make() -> Callable[..., tuple[Array, Array]]:
        def at(thetas: Any, changes: Any, rewards: Any) -> Any:
            collected = _collected(chain, options, tuple(gains), degrees, thetas, changes, rewards)
            first, second = joint_moments(chain, thetas[-1], rewards, collected[0], implementation)
            earlier = collected[1 : 1 + count]
            means = earlier.sum(axis=1) + collected[0] @ first
            both = second + earlier @ first + (earlier @ first).T
            for level, (one, other) in enumerate(pairs, start=1 + count):
                total = jnp.sum(collected[level])
                both = both.at[one, other].add(total)
                if one != other:
                    both = both.at[other, one].add(total)
            return means, both - jnp.outer(means, means)

        return at

    return chain.compiled((covariance, count, options), make)(thetas, changes, rewards)


# Distributions


def _evaluate(
    what: str, function: str, graph: Graph, times: Any, thetas: Any, changes: Any, options: _Options
) -> Array:
    what = f"{what} cannot be evaluated"
    times, thetas, changes = same_type(what, times=times, thetas=thetas, changes=changes)
    _check(what, graph, thetas, changes)
    if times.ndim > 1 or (is_known(times) and jnp.isnan(times).any()):
        raise UsageError(
            what, why="times are a matrix, or one is NaN", resolution="give a number or [T]", times=times.shape
        )
    chain = chain_of(graph)

    def make() -> Callable[..., Array]:
        at = functools.partial(_at_times, chain, options, function)
        return lambda times, thetas, changes: at(times.reshape(-1), thetas, changes).reshape(times.shape)

    return chain.compiled((_evaluate, function, options), make)(times, thetas, changes)


def _at_times(chain: Chain, options: _Options, function: str, times: Any, thetas: Any, changes: Any) -> Any:
    question = Question(chain.plan, chain.discrete, options.tolerance, options.max_steps)
    lag = 1 if function == "probability" else 0
    whole = (jnp.floor(times) if chain.discrete else times) - lag
    begins, ends = _bounds(changes)
    start = chain.start(thetas[0])
    added = jnp.maximum(1 - jnp.sum(start), 0) if function == "distribution" else 0.0

    def functional(theta: Any, weights: Any) -> Any:
        if function in ("density", "probability"):
            return chain.exit_weights(weights)
        absorbing = jnp.asarray(chain.absorbing, theta.dtype)
        return absorbing if function == "distribution" else 1 - absorbing

    def through(state: Any, epoch: Any) -> Any:
        theta, begin, end = epoch
        weights = chain.weights(theta)
        inside = (whole >= begin) & (whole < end)
        local = jnp.where(inside, whole - begin, 0)
        last = jnp.where(jnp.isfinite(end), end - begin, 0).reshape(1)
        value, states = expectation(
            question, weights, state, functional(theta, weights), local, last, implementation=options.implementation
        )
        return states[0], jnp.where(inside, value, 0)

    _, values = lax.scan(through, start, (thetas, begins, ends))
    found = jnp.sum(values, axis=0) + added
    before, at_infinity = {
        "density": (0.0, 0.0),
        "probability": (0.0, 0.0),
        "distribution": (0.0, 1.0),
        "survival": (1.0, 0.0),
    }[function]
    if function == "probability":
        at_once = 1 - jnp.sum(start, where=~chain.absorbing)
        found = jnp.where(times == 0, at_once, jnp.where(times == jnp.floor(times), found, 0))
    found = jnp.where(times < 0, before, jnp.where(times == jnp.inf, at_infinity, found))
    return jnp.where(jnp.isnan(times), jnp.nan, found)


def _bounds(changes: Any) -> tuple[Any, Any]:
    """Return when each epoch begins and ends."""
    begin, end = jnp.zeros(1, changes.dtype), jnp.full(1, jnp.inf, changes.dtype)
    return jnp.concatenate([begin, changes]), jnp.concatenate([changes, end])


# Rewards


def _collected(
    chain: Chain, options: _Options, gains: Any, degrees: tuple[int, ...], thetas: Any, changes: Any, rewards: Any
) -> Any:
    """Return ``[levels, vertices]`` at the last change: level 0 the state's distribution, the others by its gains.

    A gain ``(from, to, reward, times)`` makes level ``to`` grow by ``times · reward · from``, state by state. A level
    of degree d is a polynomial of degree d in the rewards.
    """
    levels = len(degrees)
    plan, vertex = _levelled(chain, gains, levels)
    question = Question(plan, chain.discrete, options.tolerance, options.max_steps)
    begins, ends = _bounds(changes)
    powers = jnp.array(degrees, thetas.dtype)[:, None]
    state = jnp.zeros((levels, chain.vertices), thetas.dtype).at[0].set(chain.start(thetas[0]))
    largest = jnp.max(rewards, initial=0)

    def through(state: Any, epoch: Any) -> Any:
        theta, begin, end = epoch
        # In units in which an epoch gives a reward of at most 1, gains are no larger than what leaves a state.
        unit = lax.stop_gradient((end - begin) * largest)
        unit = jnp.where(unit > 0, unit, 1)
        earned = [factor * rewards[vertex, reward] / unit for _, _, reward, factor in gains]
        weights = jnp.concatenate([jnp.tile(chain.weights(theta), levels), *earned])
        scaled = (state / unit**powers).reshape(-1)
        none = jnp.zeros(0, theta.dtype)
        _, states = expectation(
            question,
            weights,
            scaled,
            jnp.zeros_like(scaled),
            none,
            (end - begin).reshape(1),
            implementation=options.implementation,
        )
        return states[0].reshape(levels, -1) * unit**powers, None

    return lax.scan(through, state, (thetas[:-1], begins[:-1], ends[:-1]))[0]


def _levelled(chain: Chain, gains: Any, levels: int) -> tuple[Plan, Any]:
    """Return the plan of as many copies of a chain, joined by gains, and the vertices that gain."""
    vertex = np.flatnonzero(~chain.absorbing)

    def make() -> Plan:
        n = chain.vertices
        source, target = chain.source, chain.target
        sources = [source + n * level for level in range(levels)] + [vertex + n * low for low, _, _, _ in gains]
        targets = [target + n * level for level in range(levels)] + [vertex + n * high for _, high, _, _ in gains]
        leaves = np.arange(sum(map(len, sources))) < levels * len(source)
        return make_plan(n * levels, np.concatenate(sources), np.concatenate(targets), leaves)

    plan: Plan = chain.plan.derived(("levels", gains), make)
    return plan, vertex


# Checks


def _only_continuous(what: str, graph: Graph) -> None:
    if graph.kind is Kind.DISCRETE:
        raise UsageError(what, why="its time is discrete", resolution="use a graph of continuous time")


def _check(what: str, graph: Graph, thetas: Any, changes: Any) -> None:
    if thetas.ndim != 2 or changes.ndim != 1 or len(thetas) != len(changes) + 1:
        raise UsageError(
            what,
            why="the shapes of thetas and changes do not fit each other",
            resolution=f"give thetas [E, {graph.parameters}] and changes [E - 1]",
            thetas=thetas.shape,
            changes=changes.shape,
        )
    check_theta(what, graph, thetas)
    if is_known(changes):
        times = np.concatenate([[0.0], np.asarray(changes)])
        if not ((np.diff(times) >= 0).all() and np.isfinite(times).all()):
            raise UsageError(
                what, why="changes do not ascend from 0, or one is not finite", resolution="give ascending times"
            )
        if graph.kind is Kind.DISCRETE and (times != np.floor(times)).any():
            raise UsageError(what, why="a change is between two steps", resolution="give whole numbers of steps")
