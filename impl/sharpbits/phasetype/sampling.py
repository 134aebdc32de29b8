"""Samples of the time until absorption, and of rewards collected on the way, by running the chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Float64, Int
from numpy import ndarray
from numpy.typing import ArrayLike

from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype.arguments import check_rewards
from sharpbits.phasetype.errors import ParameterError
from sharpbits.phasetype.graph import Graph, Kind

#: Jumps of all samples together: some ten seconds.
MOST_JUMPS = 200_000_000

_WHAT = "the distribution cannot be sampled"


class Samples(NamedTuple):
    """What happened in each sample.

    Attributes
    ----------
    times
        ``[size]``: when it was absorbed.
    rewards
        ``[size, r]``: what was collected until then.
    """

    times: Float64[ndarray, " size"]
    rewards: Float64[ndarray, "size r"]


def sample(
    graph: Graph,
    size: int,
    theta: Float[ArrayLike, " parameters"] = (),
    *,
    seed: int,
    rewards: Float[ArrayLike, "vertices r"] | None = None,
    max_jumps: int = MOST_JUMPS,
) -> Samples:
    """Return independent samples, the same for the same seed (NumPy's ``default_rng``) on every machine.

    Method: all samples make their next jump together; the target is found by bisection in the cumulative weights of the
    state's own edges, so edges of any weight keep their share. Cost: some 50 ns a jump.

    Parameters
    ----------
    graph
        Of either kind.
    size
        Of the sample.
    theta
        ``[p]``.
    seed
        At least 0.
    rewards
        ``[vertices, r]``, at least 0: earned for each unit of time, or each step, in a state.
    max_jumps
        More than this, of all samples together, are not made.

    Raises
    ------
    UsageError
        Size or seed is no number of at least 0, a reward is negative or NaN, or shapes do not fit.
    ParameterError
        The graph cannot take this theta.
    SharpbitsError
        Not every sample is absorbed after ``max_jumps``.
    """
    return sample_epochs(graph, size, [theta], [], seed=seed, rewards=rewards, max_jumps=max_jumps)


def sample_epochs(
    graph: Graph,
    size: int,
    thetas: Sequence[Float[ArrayLike, " parameters"]] | Float[Array, "epochs parameters"],
    changes: Float[ArrayLike, " epochs-1"],
    *,
    seed: int,
    rewards: Float[ArrayLike, "vertices r"] | None = None,
    max_jumps: int = MOST_JUMPS,
) -> Samples:
    """Return samples of a graph whose parameters change at given times; see :func:`sample` and :mod:`.epochs`."""
    for name, number in (("size", size), ("seed", seed)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
            raise UsageError(_WHAT, why=f"the {name} {number!r} is no integer of at least 0", resolution="give one")
    earned = np.zeros((graph.vertices, 0)) if rewards is None else np.asarray(rewards, np.float64)
    check_rewards(_WHAT, graph, earned, several=True)
    if earned.ndim != 2:
        raise UsageError(
            _WHAT, why="there is one reward", resolution="give rewards [vertices, r]", rewards=earned.shape
        )
    laws = [_Law.of(graph, theta) for theta in thetas]
    begins = np.concatenate([[0.0], np.asarray(changes, np.float64)])
    if len(begins) != len(laws) or not (np.diff(begins) >= 0).all():
        raise UsageError(
            _WHAT,
            why="changes are not one less than thetas, ascending and positive",
            resolution="give E thetas and E - 1 times",
            thetas=len(laws),
            changes=len(begins) - 1,
        )
    return _run(laws, np.append(begins[1:], np.inf), np.random.default_rng(seed), size, earned, max_jumps)


class _Law(NamedTuple):
    """A graph at one θ: what a jump is drawn by."""

    discrete: bool
    start: Int[ndarray, " starts"]
    start_cumulative: Float64[ndarray, " starts"]
    offsets: Int[ndarray, " vertices+1"]
    target: Int[ndarray, " edges"]
    #: Within each state, and of loops 0.
    cumulative: Float64[ndarray, " edges"]
    leaving: Float64[ndarray, " vertices"]
    absorbing: Bool[ndarray, " vertices"]

    @staticmethod
    def of(graph: Graph, theta: Any) -> _Law:
        weights = graph.weights(theta)
        if weights.ndim != 1:
            raise ParameterError(_WHAT, why="theta is a batch", resolution="sample one theta at a time")
        weights = np.where(graph.source == graph.target, 0.0, weights)
        cumulative = _cumulative_by_row(weights, graph.offsets)
        last = np.maximum(graph.offsets[1:] - 1, 0)
        leaving = np.where(graph.absorbing, 0.0, cumulative[last] if len(cumulative) else 0.0)
        starts = np.cumsum(graph.start_probabilities(theta))
        discrete = graph.kind is Kind.DISCRETE
        return _Law(discrete, graph.start, starts, graph.offsets, graph.target, cumulative, leaving, graph.absorbing)


def _cumulative_by_row(weights: Float64[ndarray, " edges"], offsets: Any) -> Float64[ndarray, " edges"]:
    """Return cumulative sums that begin anew at each offset, each added up on its own: no row rounds another."""
    found = weights.copy()
    lengths = np.diff(offsets)
    for place in range(1, int(lengths.max(initial=0))):
        rows = offsets[:-1][lengths > place] + place
        found[rows] += found[rows - 1]
    return found


def _run(laws: list[_Law], ends: Any, generator: np.random.Generator, size: int, earned: Any, most: int) -> Samples:
    times, rewards = np.zeros(size), np.zeros((size, earned.shape[1]))
    vertex = np.full(size, -1)
    drawn = np.searchsorted(laws[0].start_cumulative, generator.random(size), side="right")
    begun = drawn < len(laws[0].start)  # the others are the defect: their time is 0
    vertex[begun] = laws[0].start[drawn[begun]]
    epoch = np.searchsorted(ends[:-1], np.zeros(size), side="right")
    leaving = np.stack([law.leaving for law in laws])
    absorbing = laws[0].absorbing
    alive = np.flatnonzero(begun)
    alive = alive[~absorbing[vertex[alive]]]
    jumped = 0
    while len(alive):
        jumped += len(alive)
        if jumped > most:
            raise SharpbitsError(
                _WHAT,
                why=f"after {most:.3g} jumps, {len(alive):,} of {size:,} samples are not absorbed yet",
                resolution="draw fewer samples, or allow more jumps with max_jumps",
                jumps=most,
                size=size,
            )
        here, now = vertex[alive], epoch[alive]
        rate = leaving[now, here]
        with np.errstate(divide="ignore"):
            stay = (
                np.where(rate > 0, generator.geometric(np.clip(np.where(rate > 0, rate, 1), 0, 1)), np.inf)
                if laws[0].discrete
                else generator.standard_exponential(len(alive)) / rate
            )
        left = ends[now] - times[alive]
        # A jump that would come after the change is drawn again from there: neither law remembers.
        changes = stay > left
        spent = np.minimum(stay, left)
        times[alive] = np.where(changes, ends[now], times[alive] + spent)
        rewards[alive] += earned[here] * spent[:, None]
        epoch[alive] += changes
        jumps = alive[~changes]
        for number, law in enumerate(laws):
            of_law = jumps[epoch[jumps] == number]
            vertex[of_law] = law.target[_choose(law, vertex[of_law], generator.random(len(of_law)))]
        alive = alive[~absorbing[vertex[alive]]]
    return Samples(times, rewards)


def _choose(law: _Law, vertex: Any, uniform: Any) -> Any:
    """Return the edge of each vertex's next jump: the first whose cumulative weight is above a share of the whole."""
    low, high = law.offsets[vertex].copy(), law.offsets[vertex + 1] - 1
    wanted = uniform * law.leaving[vertex]
    while (low < high).any():
        middle = (low + high) // 2
        above = law.cumulative[middle] > wanted
        high = np.where(above, middle, high)
        low = np.where(above, low, np.minimum(middle + 1, high))
    return low
