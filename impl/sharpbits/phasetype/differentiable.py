"""Replay of a trace in JAX: moments of rewards, differentiable by θ and by the rewards, in every mode and to any order.

::

    value = moments(trace, graph, theta, order=2)              # as trace.moments, for JAX's transformations
    jax.jacrev(lambda theta: moments(trace, graph, theta))(theta)
    jax.hessian(lambda theta: moments(trace, graph, theta)[0])(theta)

On any platform, in levels (:mod:`~sharpbits.phasetype.levels`): what the NumPy functions of
:mod:`~sharpbits.phasetype.trace_moments` compute natively, and on a CPU faster, this computes as a loop over arrays.
JAX differentiates the equation that a moment solves and not the elimination, so a derivative costs one more solution,
of the transposed system in reverse mode, and the elimination is done once. Its operations are those of the trace,
without a subtraction.

Parameters that a graph cannot take are refused where they are known, and give NaN under a transformation. Where
absorption is not certain, moments are infinite or NaN.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from sharpbits.errors import UsageError
from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.chain import chain_of
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.levels import Levels, levels_of
from sharpbits.phasetype.numbers import is_known, same_type
from sharpbits.phasetype.reward_programs import (
    Powers,
    checked_order,
    checked_powers,
    checked_rewards,
    is_single,
    needed_for,
    parts_of,
)
from sharpbits.phasetype.trace import Trace

_WHAT = "the moments cannot be computed"

_Theta = Float[ArrayLike, "*batch parameters"] | list[float] | list[list[float]]
_Rewards = Float[ArrayLike, "*shape"] | list[float] | list[list[float]] | None


def expectations(trace: Trace, graph: Graph, theta: _Theta, rewards: _Rewards = None) -> Float[Array, "*batch n"]:
    """Return for every vertex the expected reward until absorption of a chain that starts there.

    Parameters
    ----------
    trace, graph
        The trace, and the graph that it was recorded for or one with the same edges.
    theta
        ``[p]``, or ``[B, p]`` for a result ``[B, n]``: float32 or float64, which is the type of the result.
    rewards
        ``[n]``, not negative; left out: 1 everywhere, which makes it the time.

    Raises
    ------
    TraceError
        The trace is of a graph with other edges.
    UsageError
        Shapes or types do not fit.
    ParameterError
        The graph cannot take this theta, or a reward is negative.
    """

    def of_row(system: _System, rewards: Any) -> Any:
        found = system.joint_moments(rewards, [(1,)])[(1,)]
        return jnp.zeros(graph.vertices, found.dtype).at[system.order].set(found)

    found: Array = _evaluate("expectations", of_row, trace, graph, theta, rewards, single=True)
    return found


def moments(
    trace: Trace, graph: Graph, theta: _Theta, rewards: _Rewards = None, *, order: int = 1
) -> Float[Array, "*shape"]:
    """Return the raw moments E[R], E[R²], … of rewards: ``[k]``, or ``[r, k]`` for rewards ``[n, r]``; a batch first.

    Arguments and errors are those of :func:`expectations`, with as many columns of rewards as are wanted.
    """
    checked_order(order)

    def of_row(system: _System, rewards: Any) -> Any:
        columns = range(rewards.shape[1])
        powers = [
            tuple(power * (one == reward) for one in columns) for reward in columns for power in range(1, order + 1)
        ]
        found = system.joint_moments(rewards, needed_for(powers))
        return jnp.stack([system.from_start(found[one]) for one in powers]).reshape(len(columns), order)

    found: Array = _evaluate(("moments", order), of_row, trace, graph, theta, rewards)
    return found[..., 0, :] if is_single(rewards) else found


def joint_moments(
    trace: Trace, graph: Graph, theta: _Theta, rewards: _Rewards, powers: Iterable[Sequence[int]]
) -> Float[Array, "*batch q"]:
    """Return E[Π_a R_a^powers_a] for each of the given powers, each of r whole numbers, not negative.

    Arguments and errors are those of :func:`moments`.
    """
    columns = 1 if is_single(rewards) else int(jnp.shape(jnp.asarray(rewards))[-1])
    wanted = tuple(checked_powers(one, columns) for one in powers)

    def of_row(system: _System, rewards: Any) -> Any:
        found = system.joint_moments(rewards, needed_for(wanted))
        return jnp.stack([system.from_start(found[one]) for one in wanted])

    found: Array = _evaluate(("joint_moments", wanted), of_row, trace, graph, theta, rewards)
    return found


def covariance(trace: Trace, graph: Graph, theta: _Theta, rewards: _Rewards = None) -> Float[Array, "*shape"]:
    """Return the covariance matrix of rewards, ``[r, r]``, or for rewards ``[n]`` the variance; a batch first.

    Arguments and errors are those of :func:`moments`.
    """

    def of_row(system: _System, rewards: Any) -> Any:
        return system.covariance(rewards)

    found: Array = _evaluate("covariance", of_row, trace, graph, theta, rewards)
    return found[..., 0, 0] if is_single(rewards) else found


class _Replay:
    """A trace for JAX: its operations in levels, and where its edges lead. Made once a trace."""

    def __init__(self, trace: Trace) -> None:
        self.eliminate = levels_of(trace, kernel.ELIMINATE)
        self.forward = levels_of(trace, kernel.SOLVE)
        self.backward = levels_of(trace, kernel.SOLVE_TRANSPOSED)
        self.order = trace.order
        self.places = len(trace.order)
        vertices = len(trace.edge_offsets) - 1
        #: Of each edge, the places of both ends; that of what is absorbing is one more.
        self.source = trace.place[np.repeat(np.arange(vertices), np.diff(trace.edge_offsets))]
        self.target = trace.place[trace.edge_target]


class _System:
    """``A x = b`` at one θ, eliminated: x over the transient vertices, in the order of the trace."""

    def __init__(self, replay: _Replay, kind: Kind, weights: Any, start: Any) -> None:
        self.order = replay.order
        self._replay = replay
        self._discrete = kind is Kind.DISCRETE
        self._kind = kind
        self._weights = weights
        self._start = start[replay.order]
        self._defect = 1 - jnp.sum(self._start)  # nothing is earned there, nor in an absorbing start
        numbers = jnp.zeros(replay.eliminate.numbers + 1, weights.dtype)
        numbers = numbers.at[0].set(1).at[1 : 1 + len(weights)].set(lax.stop_gradient(weights))
        self._eliminated = _done(replay.eliminate, numbers, None)
        moving = jnp.where(replay.source == replay.target, 0, weights)
        self._moving = moving
        self._stay = jnp.maximum(1 - self._summed(moving), 0)

    def joint_moments(self, rewards: Any, needed: Sequence[Powers]) -> dict[Powers, Any]:
        """Return joint moments from every vertex; with a power, all those below it must be there, before it."""
        earned = rewards[self.order]
        found: dict[Powers, Any] = {}
        # All of one degree together, from those of lower ones: as many programs to compile as there are degrees.
        for _, group in itertools.groupby(needed, key=sum):
            degree = list(group)
            after = {powers: self._stepped(one) for powers, one in found.items()} if self._discrete else found
            sides = []
            for powers in degree:
                side = jnp.zeros(self._replay.places, self._weights.dtype)
                for lower, rest, factor in parts_of(self._kind, powers):
                    term = factor * jnp.prod(jnp.stack([earned[:, a] ** p for a, p in enumerate(rest)]), axis=0)
                    side += term * after[lower] if lower in after else term
                sides.append(side)
            found |= zip(degree, self._solved(jnp.stack(sides, axis=1)).T, strict=True)
        return found

    def covariance(self, rewards: Any) -> Any:
        """Return the covariances from the start; see :mod:`~sharpbits.phasetype.trace_moments`."""
        earned = rewards[self.order]
        one, other = np.triu_indices(rewards.shape[1])
        first = self._solved(earned)
        mean = jax.vmap(self.from_start, 1)(first)
        change = self._change(first)
        if self._discrete:
            change += earned[self._replay.source]
        side = self._summed(self._moving[:, None] * change[:, one] * change[:, other])
        if self._discrete:
            side += self._stay[:, None] * earned[:, one] * earned[:, other]
        apart = first - mean
        values = jax.vmap(self.from_start, 1)(self._solved(side) + apart[:, one] * apart[:, other])
        values += self._defect * mean[one] * mean[other]
        result = jnp.zeros((rewards.shape[1],) * 2, self._weights.dtype)
        return result.at[one, other].set(values).at[other, one].set(values)

    def from_start(self, values: Any) -> Any:
        """Return the mean over the starts; where the chain never starts, a value may be infinite."""
        return jnp.sum(jnp.where(self._start == 0, 0, self._start * values))

    def _solved(self, side: Any) -> Any:
        """Solve for each column, so that JAX differentiates the equation: ``Σ_j w_ij (x_i - x_j) = side_i``."""

        def applied(x: Any) -> Any:
            return -self._summed(self._moving[:, None] * self._change(x))

        def solved(levels: Levels, side: Any) -> Any:
            numbers = jnp.zeros((levels.numbers + 1, side.shape[1]), side.dtype).at[: len(side)].set(side)
            return _done(levels, numbers, self._eliminated)[2 * len(side) : 3 * len(side)]

        return lax.custom_linear_solve(
            applied,
            side,
            solve=lambda _, side: solved(self._replay.forward, side),
            transpose_solve=lambda _, side: solved(self._replay.backward, side),
        )

    def _change(self, x: Any) -> Any:
        """Return along each edge by how much values change."""
        ends = jnp.concatenate([x, jnp.zeros((1, *x.shape[1:]), x.dtype)])
        return ends[self._replay.target] - ends[self._replay.source]

    def _stepped(self, x: Any) -> Any:
        """Return where one step of discrete time leads on average."""
        ends = jnp.concatenate([x, jnp.zeros(1, x.dtype)])
        return self._stay * x + self._summed(self._moving * ends[self._replay.target])

    def _summed(self, of_edges: Any) -> Any:
        return jax.ops.segment_sum(of_edges, self._replay.source, self._replay.places)


def _done(levels: Levels, numbers: Any, eliminated: Any) -> Any:
    """Do the operations, one step of all levels after another. A product with 0 is 0, also that of infinity."""

    def step(numbers: Any, operations: Any) -> tuple[Any, None]:
        to, a, b, inverse = operations
        left, right = numbers[a] if eliminated is None else eliminated[a][:, None], numbers[b]
        added = jnp.where((left == 0) | (right == 0), 0, left * right)
        if eliminated is None:
            added = jnp.where(inverse, 1 / left, added)
        return numbers.at[to].add(added, mode="promise_in_bounds"), None

    found, _ = lax.scan(step, numbers, (levels.to, levels.a, levels.b, levels.inverse))
    return found


_replays: weakref.WeakKeyDictionary[Trace, _Replay] = weakref.WeakKeyDictionary()


def _evaluate(
    key: Hashable,
    of_row: Callable[[_System, Any], Any],
    trace: Trace,
    graph: Graph,
    theta: Any,
    rewards: Any,
    *,
    single: bool = False,
) -> Any:
    """Check arguments, and evaluate a function for each theta; it is compiled once a graph and key."""
    trace.check(graph)
    # Rewards that are left out have no type of their own.
    theta, rewards = same_type(_WHAT, theta=theta, rewards=[1.0] * graph.vertices if rewards is None else rewards)
    fits = theta.ndim in (1, 2) and theta.shape[-1] == graph.parameters
    if not fits or rewards.ndim not in (1, 1 if single else 2) or len(rewards) != graph.vertices or not rewards.size:
        raise UsageError(
            _WHAT,
            why="the shapes of theta and rewards do not fit the graph",
            resolution=f"give theta [{graph.parameters}] or [B, {graph.parameters}], and rewards [{graph.vertices}]"
            + ("" if single else f" or [{graph.vertices}, r]"),
            theta=theta.shape,
            rewards=rewards.shape,
        )
    if is_known(theta):
        graph.weights(theta)
        graph.start_probabilities(theta)
    if is_known(rewards):
        checked_rewards(graph, rewards)
    chain = chain_of(graph)

    def make() -> Callable[..., Any]:
        replay = _replays.get(trace)
        if replay is None:
            replay = _replays[trace] = _Replay(trace)

        def of_one(theta: Any, rewards: Any) -> Any:
            weights = chain.weights(theta)
            valid = jnp.all(weights >= 0) & jnp.all(weights < jnp.inf)
            system = _System(replay, graph_kind, jnp.where(valid, weights, jnp.nan), chain.start(theta))
            return of_row(system, rewards)

        def of_all(theta: Any, rewards: Any) -> Any:
            columns = rewards.reshape(len(rewards), -1)
            return of_one(theta, columns) if theta.ndim == 1 else jax.vmap(of_one, (0, None))(theta, columns)

        return of_all

    graph_kind = graph.kind
    return chain.compiled((key, trace), make)(theta, rewards)
