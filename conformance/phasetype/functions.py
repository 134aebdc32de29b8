"""Every differentiable function of the package as one function of a vector, and the same in 50 digits.

A vector holds all that a function is differentiated by: θ of each epoch, times, change times, rewards, probabilities.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from phasetype import exact
from phasetype.chains import discrete_walk, log_linear
from sharpbits import phasetype
from sharpbits.phasetype import epochs

Array = npt.NDArray[np.float64]

CHAIN, WALK = log_linear(), discrete_walk()

#: Numbers of steps.
STEPS = [0.0, 1.0, 3.0, 4.0, 9.0]


class Function(NamedTuple):
    """``ours(x, implementation=…)`` is a vector, ``theirs(x)`` the list of its entries in 50 digits."""

    ours: Callable[..., Any]
    theirs: Callable[[Sequence[Any]], list[Any]]
    #: Two points, no entry a round number.
    points: Array


def _at_times(name: str) -> Function:
    def ours(x: Any, **options: Any) -> Any:
        return getattr(phasetype, name)(CHAIN, x[2:], x[:2], **options)

    def theirs(x: Sequence[Any]) -> list[Any]:
        return [getattr(exact, name)(CHAIN, time, x[:2]) for time in x[2:]]

    return Function(ours, theirs, np.array([[0.3, 0.7, 0.05, 0.9, 4.1], [-0.4, 0.2, 0.45, 2.9, 1.3]]))


def _epochs_at_times(name: str) -> Function:
    def ours(x: Any, **options: Any) -> Any:
        return getattr(epochs, name)(CHAIN, x[5:], x[:4].reshape(2, 2), x[4:5], **options)

    def theirs(x: Sequence[Any]) -> list[Any]:
        return [getattr(exact, f"epochs_{name}")(CHAIN, time, [x[:2], x[2:4]], [x[4]]) for time in x[5:]]

    points = [[0.3, 0.7, 0.6, 0.1, 0.8, 0.25, 0.9, 3.1], [-0.4, 0.2, 0.3, 0.9, 1.7, 0.45, 2.9, 1.9]]
    return Function(ours, theirs, np.array(points))


def _pmf(x: Any, **options: Any) -> Any:
    return phasetype.pmf(WALK, jnp.array(STEPS, x.dtype), x, **options)


def _epochs_pmf(x: Any, **options: Any) -> Any:
    return epochs.pmf(WALK, jnp.array(STEPS, x.dtype), x.reshape(2, 2), jnp.array([3.0], x.dtype), **options)


def _laplace(x: Any, **options: Any) -> Any:
    return phasetype.laplace(CHAIN, x[2:], x[:2], **options)


def _quantile(x: Any, **options: Any) -> Any:
    return phasetype.quantile(CHAIN, x[2:], x[:2], **options)


def _quantile_exactly(x: Sequence[Any]) -> list[Any]:
    theta = tuple(float(one) for one in x[:2])
    return [exact.quantile(CHAIN, one, x[:2], near=_near(theta, float(one))) for one in x[2:]]


@functools.cache
def _near(theta: tuple[float, ...], probability: float) -> float:
    return float(exact.mp.findroot(lambda time: exact.cdf(CHAIN, time, theta) - probability, (1, 2), solver="secant"))


def _columns(one: Any, other: Any) -> list[list[Any]]:
    """Two rewards of the three states, as rows of states."""
    return [[one, 0.5], [1.5, other], [0.25, 2.0]]


def _moments(x: Any, **options: Any) -> Any:
    return phasetype.moments(CHAIN, 2, x[:2], rewards=jnp.stack([x[2], x[3], 0.5 * x[2]]), **options)


def _covariance(x: Any, **options: Any) -> Any:
    rewards = jnp.stack([jnp.stack([jnp.asarray(one, x.dtype) for one in row]) for row in _columns(x[2], x[3])])
    return phasetype.covariance(CHAIN, rewards, x[:2], **options).reshape(-1)


def _moments_of_steps(x: Any, **options: Any) -> Any:
    rewards = jnp.stack([x[2], x[3], 0.5 * x[2], x[3]])
    return phasetype.moments(WALK, 2, x[:2], rewards=rewards, **options)


def _epochs_moments(x: Any, **options: Any) -> Any:
    rewards = jnp.stack([x[5], x[6], 0.5 * x[5]])
    return epochs.moments(CHAIN, 2, x[:4].reshape(2, 2), x[4:5], rewards=rewards, **options)


def _epochs_covariance(x: Any, **options: Any) -> Any:
    rewards = jnp.stack([jnp.stack([jnp.asarray(one, x.dtype) for one in row]) for row in _columns(x[5], x[6])])
    means, both = epochs.covariance(CHAIN, rewards, x[:4].reshape(2, 2), x[4:5], **options)
    return jnp.concatenate([means, both.reshape(-1)])


def _first_two(graph: Any, thetas: Any, changes: Any, reward: Sequence[Any]) -> list[Any]:
    return [
        exact.mean_reward(graph, thetas, changes, reward),
        exact.joint_moment(graph, thetas, changes, reward, reward),
    ]


def _covariances(thetas: Any, changes: Any, one: Any, other: Any) -> tuple[list[Any], list[Any]]:
    columns = [exact.exactly(column) for column in zip(*_columns(one, other), strict=True)]
    means = [exact.mean_reward(CHAIN, thetas, changes, column) for column in columns]
    both = [
        exact.joint_moment(CHAIN, thetas, changes, columns[i], columns[j]) - means[i] * means[j]
        for i in range(2)
        for j in range(2)
    ]
    return means, both


def _epochs_covariance_exactly(x: Sequence[Any]) -> list[Any]:
    means, both = _covariances([x[:2], x[2:4]], [x[4]], x[5], x[6])
    return [*means, *both]


FUNCTIONS: dict[str, Function] = {
    "pdf": _at_times("pdf"),
    "cdf": _at_times("cdf"),
    "survival": _at_times("survival"),
    "pmf": Function(
        _pmf,
        lambda x: [exact.pmf(WALK, int(step), x) for step in STEPS],
        np.array([[0.3, 0.7], [0.55, 0.2]]),
    ),
    "laplace": Function(
        _laplace,
        lambda x: [exact.laplace(CHAIN, s, x[:2]) for s in x[2:]],
        np.array([[0.3, 0.7, 0.15, 2.3], [-0.4, 0.2, 0.01, 0.7]]),
    ),
    "quantile": Function(_quantile, _quantile_exactly, np.array([[0.3, 0.7, 0.35, 0.93], [-0.4, 0.2, 0.55, 0.7]])),
    "moments": Function(
        _moments,
        lambda x: _first_two(CHAIN, [x[:2]], [], [x[2], x[3], 0]),
        np.array([[0.3, 0.7, 1.25, 0.4], [-0.4, 0.2, 0.3, 2.1]]),
    ),
    "moments of steps": Function(
        _moments_of_steps,
        lambda x: _first_two(WALK, [x[:2]], [], _walk_rewards(x)),
        np.array([[0.3, 0.7, 1.25, 0.4], [0.55, 0.2, 0.3, 2.1]]),
    ),
    "covariance": Function(
        _covariance,
        lambda x: _covariances([x[:2]], [], x[2], x[3])[1],
        np.array([[0.3, 0.7, 1.25, 0.4], [-0.4, 0.2, 0.3, 2.1]]),
    ),
    "epochs.pdf": _epochs_at_times("pdf"),
    "epochs.cdf": _epochs_at_times("cdf"),
    "epochs.survival": _epochs_at_times("survival"),
    "epochs.pmf": Function(
        _epochs_pmf,
        lambda x: [exact.epochs_pmf(WALK, int(step), [x[:2], x[2:]], [3]) for step in STEPS],
        np.array([[0.3, 0.7, 0.5, 0.25], [0.55, 0.2, 0.3, 0.6]]),
    ),
    "epochs.moments": Function(
        _epochs_moments,
        lambda x: _first_two(CHAIN, [x[:2], x[2:4]], [x[4]], [x[5], x[6], 0]),
        np.array([[0.3, 0.7, 0.6, 0.1, 0.8, 1.25, 0.4], [-0.4, 0.2, 0.3, 0.9, 1.7, 0.3, 2.1]]),
    ),
    "epochs.covariance": Function(
        _epochs_covariance,
        _epochs_covariance_exactly,
        np.array([[0.3, 0.7, 0.6, 0.1, 0.8, 1.25, 0.4], [-0.4, 0.2, 0.3, 0.9, 1.7, 0.3, 2.1]]),
    ),
}


def _walk_rewards(x: Sequence[Any]) -> list[Any]:
    return [x[2], x[3], x[2] / 2, x[3]]


@functools.cache
def values(name: str) -> Array:
    """``[points, entries]``."""
    function = FUNCTIONS[name]
    return np.array([[float(one) for one in function.theirs(exact.exactly(point))] for point in function.points])


@functools.cache
def jacobians(name: str) -> Array:
    """``[points, entries, numbers]``: central differences in 50 digits."""
    function = FUNCTIONS[name]
    by_number = [[_difference(function, point, place) for place in range(len(point))] for point in function.points]
    return np.array(by_number).swapaxes(1, 2)


@functools.cache
def hessian(name: str) -> Array:
    """``[numbers, numbers]``, of the sum of the entries at the first point: mixed differences in 50 digits."""
    function, point = FUNCTIONS[name], FUNCTIONS[name].points[0]

    def at(*places: tuple[int, int]) -> Any:
        moved = list(exact.exactly(point))
        for place, sign in places:
            moved[place] += sign * exact.STEP
        return exact.mp.fsum(function.theirs(moved))

    count = len(point)
    found = np.zeros((count, count))
    for i in range(count):
        for j in range(i, count):
            signs = [(a, b) for a in (1, -1) for b in (1, -1)]
            total = exact.mp.fsum(a * b * at((i, a), (j, b)) for a, b in signs)
            found[i, j] = found[j, i] = float(total / (4 * exact.STEP**2))
    return found


def _difference(function: Function, point: Any, place: int) -> list[float]:
    up, down = list(exact.exactly(point)), list(exact.exactly(point))
    up[place] += exact.STEP
    down[place] -= exact.STEP
    pairs = zip(function.theirs(up), function.theirs(down), strict=True)
    return [float((one - other) / (2 * exact.STEP)) for one, other in pairs]
