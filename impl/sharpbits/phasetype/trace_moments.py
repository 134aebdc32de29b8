"""Moments of rewards, from a recorded trace: one elimination for each θ, then one solution for each moment.

::

    trace = record(graph)
    moments(trace, graph, [[0.5], [2.0]], order=3)             # [2, 3]: E[T], E[T²], E[T³] at two θ
    covariance(trace, graph, theta, rewards)                   # [r, r], of rewards [n, r]
    joint_moments(trace, graph, theta, rewards, [(2, 1)])      # [1]: E[R₁² R₂]

A reward is earned at a rate for as long as the chain is in a state (continuous time), or once for each step that it
makes from there, staying being a step (discrete time); R is its sum until absorption. Absorbing states earn nothing.

**Method.** With A = diag(Σ_j w_ij) - w, over the transient states, first moments are ``A⁻¹ r`` from every state, in
either kind of time, and ``E[R_a R_b] = A⁻¹ (r_a E[R_b] + r_b E[R_a])`` and so on upwards (Kulkarni, Operations Research
37 (1989) 150; in discrete time with the matrix of steps in between). Variances and covariances are no differences of
moments: what is earned minus what was to be expected is a martingale, so ``Cov = A⁻¹ c`` with ``c_i = Σ_j w_ij (u_j -
u_i)(v_j - v_i)``, u and v the first moments; for a variance that is a sum of squares.

**Accuracy.** Elimination and moments subtract nothing: each is right to a few roundings of 1e-16 for each vertex on the
longest path, however stiff the chain. **Cost**: one elimination and, for each moment, one pass over the edges; θ are
done eight at a time in vector registers, and in threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.errors import ParameterError
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.replay import replay
from sharpbits.phasetype.reward_programs import (
    checked_order,
    checked_powers,
    checked_rewards,
    covariance_program,
    is_single,
    moment_program,
    needed_for,
)
from sharpbits.phasetype.trace import Trace

if TYPE_CHECKING:
    from jaxtyping import Float64

_WHAT = "the moments cannot be computed"


def expectations(
    trace: Trace, graph: Graph, theta: npt.ArrayLike = (), rewards: npt.ArrayLike | None = None, *, threads: int = 0
) -> Float64[np.ndarray, "*batch n"]:
    """Return for every vertex the expected reward until absorption of a chain that starts there; NaN: never reached.

    Parameters
    ----------
    trace, graph
        The trace, and the graph that it was recorded for or one with the same edges.
    theta
        ``[p]``, or ``[B, p]`` for a result ``[B, n]``.
    rewards
        ``[n]``, not negative; left out: 1 everywhere, which makes it the time.
    threads
        For a batch; 0: as many as there are processors.

    Raises
    ------
    TraceError
        The trace is of a graph with other edges.
    ParameterError
        The parameters or rewards cannot be used, or absorption is not certain at these parameters.
    """
    earned = checked_rewards(graph, rewards)
    if earned.shape[1] != 1:
        raise ParameterError(
            _WHAT, why=f"there are {earned.shape[1]} rewards", resolution="give one, of shape [n]"
        )  # fmt: skip
    program = moment_program(graph, earned, [(1,)])
    parameters, found, reached = replay(trace, graph, theta, program, np.arange(graph.vertices), threads)
    return np.where(reached, found[:, 0], np.nan).reshape(*parameters.shape[:-1], graph.vertices)


def moments(
    trace: Trace,
    graph: Graph,
    theta: npt.ArrayLike = (),
    rewards: npt.ArrayLike | None = None,
    *,
    order: int = 1,
    threads: int = 0,
) -> Float64[np.ndarray, "*shape"]:
    """Return the raw moments E[R], E[R²], … of rewards.

    Parameters
    ----------
    trace, graph, theta, threads
        As :func:`expectations` has them.
    rewards
        ``[n]`` or ``[n, r]``, not negative; left out: 1 everywhere, which makes R the time.
    order
        The highest power, k.

    Returns
    -------
    ``[k]`` for one θ and one reward, ``[r, k]`` for several; ``[B, …]`` for a batch of θ.
    """
    earned = checked_rewards(graph, rewards)
    checked_order(order)
    powers = [
        tuple(power * (one == reward) for one in range(earned.shape[1]))
        for reward in range(earned.shape[1])
        for power in range(1, order + 1)
    ]
    found = joint_moments(trace, graph, theta, earned, powers, threads=threads)
    shape = (order,) if is_single(rewards) else (earned.shape[1], order)
    return found.reshape(*found.shape[:-1], *shape)


def joint_moments(
    trace: Trace,
    graph: Graph,
    theta: npt.ArrayLike,
    rewards: npt.ArrayLike,
    powers: Iterable[Sequence[int]],
    *,
    threads: int = 0,
) -> Float64[np.ndarray, "*batch q"]:
    """Return E[Π_a R_a^powers_a] for each of the given powers.

    Parameters
    ----------
    trace, graph, theta, threads
        As :func:`expectations` has them.
    rewards
        ``[n, r]``, or ``[n]`` for one, not negative.
    powers
        Each of r whole numbers, not negative, of sum at least 1 and at most 64. Cost: one solution for each power below
        one of them.
    """
    earned = checked_rewards(graph, rewards)
    wanted = [checked_powers(one, earned.shape[1]) for one in powers]
    needed = needed_for(wanted)
    program = moment_program(graph, earned, needed)
    parameters, found, _ = replay(trace, graph, theta, program, graph.start, threads)
    start = _start_probabilities(graph, parameters)
    picked = found[:, [needed.index(one) for one in wanted]]
    found_moments: Float64[np.ndarray, "B q"] = np.einsum("bqs,bs->bq", picked, start)
    return found_moments.reshape(*parameters.shape[:-1], len(wanted))


def covariance(
    trace: Trace, graph: Graph, theta: npt.ArrayLike = (), rewards: npt.ArrayLike | None = None, *, threads: int = 0
) -> Float64[np.ndarray, "*shape"]:
    """Return the covariance matrix of rewards, ``[r, r]``, or for rewards ``[n]`` the variance; ``[B, …]`` for a batch.

    Arguments and errors are those of :func:`moments`. No difference of two large moments is taken: a variance is a sum
    of squares.
    """
    earned = checked_rewards(graph, rewards)
    program, pairs = covariance_program(graph, earned)
    parameters, found, _ = replay(trace, graph, theta, program, graph.start, threads)
    start = _start_probabilities(graph, parameters)
    count = earned.shape[1]
    means = np.einsum("bqs,bs->bq", found[:, :count], start)
    within = np.einsum("bqs,bs->bq", found[:, count:], start)
    # Between the starts; the defect is one more, with nothing earned.
    apart = found[:, :count] - means[:, :, None]
    defect = np.maximum(1.0 - start.sum(axis=1), 0.0)
    between: Float64[np.ndarray, "B r r"]
    between = np.einsum("bqs,brs,bs->bqr", apart, apart, start) + np.einsum("bq,br,b->bqr", means, means, defect)
    for place, (one, other) in enumerate(pairs):
        between[:, one, other] += within[:, place]
        if one != other:
            between[:, other, one] += within[:, place]
    shape = () if is_single(rewards) else (count, count)
    return between.reshape((*parameters.shape[:-1], *shape))


def _start_probabilities(graph: Graph, parameters: Float64[np.ndarray, "*batch p"]) -> Float64[np.ndarray, "B s"]:
    return graph.start_probabilities(np.atleast_2d(parameters))
