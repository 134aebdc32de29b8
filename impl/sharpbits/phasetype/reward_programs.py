"""How moments follow from one another: the right-hand sides that a replay solves for, one after another.

Continuous time, with the powers β of several rewards: ``A m_β = Σ_a β_a r_a m_(β - a)``. Discrete time, with P the
matrix of steps, where the next step earns r: ``A m_β = r^β + Σ_(0 < δ < β) (β over δ) r^(β - δ) P m_δ``. All terms
are at least 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.errors import ParameterError, shown
from sharpbits.phasetype.graph import Graph, Kind

if TYPE_CHECKING:
    from jaxtyping import Float64

#: What, two columns of the multipliers, two earlier solutions; -1 for none.
Term = tuple[int, int, int, int, int]

#: Of each reward.
Powers = tuple[int, ...]

#: Above this, E[R^k] of most distributions is no double any more.
MOST_POWERS = 64

#: Of one replay; each is a number for every vertex.
_MOST_SOLUTIONS = 10_000

_WHAT = "the moments cannot be computed"


class Program(NamedTuple):
    """Right-hand sides, each a list of terms, and the columns of factors that they are made with."""

    terms: list[list[Term]]
    multipliers: Float64[np.ndarray, "columns n"]


def checked_rewards(graph: Graph, rewards: npt.ArrayLike | None) -> Float64[np.ndarray, "n r"]:
    """Return rewards as a column each, checked."""
    if rewards is None:
        return np.ones((graph.vertices, 1))
    given = np.asarray(rewards)
    if given.dtype.kind not in "iufb" or given.ndim not in (1, 2) or len(given) != graph.vertices or not given.size:
        raise ParameterError(
            _WHAT,
            why="the rewards have the wrong shape or type",
            resolution="give a number for each vertex, and a column for each reward",
            expected=f"({graph.vertices},) or ({graph.vertices}, r) numbers",
            actual=f"{given.shape} of {given.dtype}",
        )
    columns: Float64[np.ndarray, "n r"] = given.reshape(graph.vertices, -1).astype(np.float64)
    bad = ~(np.isfinite(columns) & (columns >= 0))
    if bad.any():
        vertex, reward = (int(index) for index in np.argwhere(bad)[0])
        raise ParameterError(
            _WHAT,
            why="a reward is negative or not finite",
            resolution="give rewards of at least 0; the mean of a difference is the difference of the means",
            expected="finite numbers of at least 0",
            actual=f"{columns[vertex, reward]} at vertex {vertex}, reward {reward}",
        )
    return columns


def is_single(rewards: Any) -> bool:
    """Tell whether rewards are one column, or left out, so that a result has no axis for them."""
    return rewards is None or np.ndim(rewards) == 1


def checked_order(order: int) -> int:
    """Return the highest power, checked."""
    if not isinstance(order, int | np.integer) or not 1 <= order <= MOST_POWERS:
        raise ParameterError(
            _WHAT, why=f"order {shown(order)} is no number of moments", resolution=f"give 1 to {MOST_POWERS}"
        )
    return int(order)


def checked_powers(given: Sequence[int], rewards: int) -> Powers:
    """Return powers of that many rewards, checked."""
    powers = tuple(given)
    if (
        len(powers) != rewards
        or not all(isinstance(one, (int, np.integer)) and one >= 0 for one in powers)
        or not 1 <= sum(powers) <= MOST_POWERS
    ):
        raise ParameterError(
            _WHAT,
            why=f"{shown(given)} are no powers of the rewards",
            resolution=f"give {rewards} whole numbers of at least 0, of sum 1 to {MOST_POWERS}",
        )
    return tuple(int(one) for one in powers)


def needed_for(wanted: Sequence[Powers]) -> list[Powers]:
    """Return the powers that joint moments are built from, themselves among them, each behind its own."""
    if sum(math.prod(power + 1 for power in powers) for powers in wanted) > _MOST_SOLUTIONS:
        raise ParameterError(
            _WHAT,
            why="too many lower moments would have to be computed on the way",
            resolution=f"ask for powers below which there are at most {_MOST_SOLUTIONS} others",
        )
    below = {one for powers in wanted for one in itertools.product(*(range(power + 1) for power in powers)) if any(one)}
    return sorted(below, key=lambda powers: (sum(powers), powers))


def moment_program(graph: Graph, rewards: Float64[np.ndarray, "n r"], needed: Sequence[Powers]) -> Program:
    """Return how joint moments follow from one another.

    Parameters
    ----------
    needed
        As :func:`needed_for` returns them; the solutions have their order.
    """
    number = {powers: place for place, powers in enumerate(needed)}
    columns: list[Float64[np.ndarray, " n"]] = []
    terms: list[list[Term]] = []
    for powers in needed:
        mine: list[Term] = []
        for lower, rest, factor in parts_of(graph.kind, powers):
            columns.append(factor * np.prod(rewards ** np.array(rest), axis=1))
            # The zeroth moment is 1, also after a step.
            before = number.get(lower, -1)
            what = kernel.PRODUCT if graph.kind is Kind.CONTINUOUS or before < 0 else kernel.STEP_PRODUCT
            mine.append((what, len(columns) - 1, -1, before, -1))
        terms.append(mine)
    return Program(terms, np.array(columns))


def parts_of(kind: Kind, powers: Powers) -> Iterator[tuple[Powers, Powers, int]]:
    """Return what a moment's right-hand side is a sum of: a lower moment, powers of rewards, and a factor."""
    if kind is Kind.CONTINUOUS:
        for taken, most in enumerate(powers):
            if most:
                rest = tuple(int(place == taken) for place in range(len(powers)))
                yield tuple(power - one for power, one in zip(powers, rest, strict=True)), rest, most
        return
    for lower in itertools.product(*(range(power + 1) for power in powers)):
        if lower != powers:
            rest = tuple(one - other for one, other in zip(powers, lower, strict=True))
            yield lower, rest, math.prod(math.comb(one, other) for one, other in zip(powers, lower, strict=True))


def covariance_program(
    graph: Graph, rewards: Float64[np.ndarray, "n r"]
) -> tuple[Program, list[tuple[int, int]]]:  # fmt: skip
    """Return first moments, then one solution for each pair of rewards; and the pairs."""
    count = rewards.shape[1]
    pairs = list(itertools.combinations_with_replacement(range(count), 2))
    terms: list[list[Term]] = [[(kernel.PRODUCT, one, -1, -1, -1)] for one in range(count)]
    # In discrete time the reward of the step itself is part of what the step changes.
    discrete = graph.kind is Kind.DISCRETE
    terms += [
        [(kernel.SQUARE_FIELD, one if discrete else -1, other if discrete else -1, one, other)] for one, other in pairs
    ]
    return Program(terms, np.ascontiguousarray(rewards.T)), pairs
