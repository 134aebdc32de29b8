"""Phase-type distributions in dense matrices of 50 digits (mpmath): the oracle of values and derivatives.

Nothing of the package is used but the graph's arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np

from sharpbits.phasetype import Graph, Kind, WeightMode

#: Digits computed with; tests compare with numbers of 16.
DIGITS = 50

mp: Any = mpmath.mp.clone()
mp.dps = DIGITS

Number = Any
Matrix = Any


def _linear(mode: WeightMode, base: Any, coefficients: Any, theta: Sequence[Number]) -> list[Number]:
    found = []
    for one, row in zip(base, coefficients, strict=True):
        along = mp.fsum(mp.mpf(float(c)) * t for c, t in zip(row, theta, strict=True))
        found.append(
            mp.mpf(float(one)) * mp.exp(along) if mode is WeightMode.LOG_LINEAR else mp.mpf(float(one)) + along
        )
    return found


def exactly(numbers: Any) -> list[Number]:
    return [mp.mpf(float(one)) if isinstance(one, float | np.floating | int) else one for one in numbers]


def edge_weights(graph: Graph, theta: Any) -> list[Number]:
    return _linear(graph.weight_mode, graph.base, graph.coefficients, exactly(theta))


def start(graph: Graph, theta: Any) -> Matrix:
    row = mp.zeros(1, graph.vertices)
    probabilities = _linear(graph.weight_mode, graph.start_base, graph.start_coefficients, exactly(theta))
    for vertex, probability in zip(graph.start, probabilities, strict=True):
        row[0, int(vertex)] = probability
    return row


def generator(graph: Graph, theta: Any) -> Matrix:
    """Q over all vertices; in discrete time P."""
    matrix = mp.eye(graph.vertices) if graph.kind is Kind.DISCRETE else mp.zeros(graph.vertices)
    for i, j, weight in zip(graph.source, graph.target, edge_weights(graph, theta), strict=True):
        matrix[int(i), int(j)] += weight
        matrix[int(i), int(i)] -= weight
    return matrix


def propagator(graph: Graph, theta: Any, time: Number) -> Matrix:
    matrix = generator(graph, theta)
    if graph.kind is Kind.DISCRETE:
        return matrix ** int(time)
    return mp.expm(matrix * (mp.mpf(time) if isinstance(time, float | int) else time), method="taylor")


def _column(graph: Graph, entries: Callable[[int], Number]) -> Matrix:
    return mp.matrix([entries(vertex) for vertex in range(graph.vertices)])


def absorbing(graph: Graph) -> Matrix:
    return _column(graph, lambda vertex: int(vertex not in graph.source))


def transient(graph: Graph) -> Matrix:
    return _column(graph, lambda vertex: int(vertex in graph.source))


def exits(graph: Graph, theta: Any) -> Matrix:
    column = mp.zeros(graph.vertices, 1)
    for i, j, weight in zip(graph.source, graph.target, edge_weights(graph, theta), strict=True):
        if j not in graph.source:
            column[int(i)] += weight
    return column


def pdf(graph: Graph, time: Number, theta: Any) -> Number:
    return (start(graph, theta) * propagator(graph, theta, time) * exits(graph, theta))[0]


def survival(graph: Graph, time: Number, theta: Any) -> Number:
    return (start(graph, theta) * propagator(graph, theta, time) * transient(graph))[0]


def cdf(graph: Graph, time: Number, theta: Any) -> Number:
    defect = 1 - mp.fsum(start(graph, theta))
    return defect + (start(graph, theta) * propagator(graph, theta, time) * absorbing(graph))[0]


def pmf(graph: Graph, time: int, theta: Any) -> Number:
    if time == 0:
        return 1 - (start(graph, theta) * transient(graph))[0]
    return (start(graph, theta) * propagator(graph, theta, time - 1) * exits(graph, theta))[0]


def mean(graph: Graph, theta: Any) -> Number:
    """The expected time until absorption."""
    kept = [vertex for vertex in range(graph.vertices) if vertex in graph.source]
    matrix = generator(graph, theta)
    inner = mp.matrix(len(kept))
    for a, i in enumerate(kept):
        for b, j in enumerate(kept):
            inner[a, b] = (1 if a == b and graph.kind is Kind.DISCRETE else 0) - matrix[i, j]
    times = mp.lu_solve(inner, mp.matrix([1] * len(kept)))
    return mp.fsum(start(graph, theta)[vertex] * times[place] for place, vertex in enumerate(kept))


def laplace(graph: Graph, argument: Number, theta: Any) -> Number:
    """E[exp(-s T)], T the time until absorption."""
    return generating(graph, [theta], [], [-argument * one for one in transient(graph)])


def generating(graph: Graph, thetas: Sequence[Any], changes: Sequence[Number], slopes: Sequence[Number]) -> Number:
    """E[exp(Y)], Y earned at a rate of ``slopes[vertex]``, of either sign, under parameters that change at given times.

    In discrete time, which knows no changes here, earned in each step.
    """
    row, at_once = start(graph, thetas[0]), 1 - (start(graph, thetas[0]) * transient(graph))[0]
    kept = [vertex for vertex in range(graph.vertices) if vertex in graph.source]
    row = mp.matrix([[row[vertex] for vertex in kept]])

    def inner(theta: Any) -> Matrix:
        whole = generator(graph, theta)
        return mp.matrix([[whole[i, j] for j in kept] for i in kept])

    def earning(matrix: Matrix) -> Matrix:
        if graph.kind is Kind.DISCRETE:
            return mp.diag([mp.exp(slopes[i]) for i in kept]) * matrix - mp.eye(len(kept))
        return matrix + mp.diag([mp.mpf(1) * slopes[i] for i in kept])

    ended, begin = mp.mpf(0), mp.mpf(0)
    for number, theta in enumerate(thetas):
        matrix = earning(inner(theta))
        leaving = mp.matrix([exits(graph, theta)[i] for i in kept])
        if graph.kind is Kind.DISCRETE:
            leaving = mp.diag([mp.exp(slopes[i]) for i in kept]) * leaving
        # The integral of exp(matrix t) leaving over the epoch.
        if number == len(thetas) - 1:
            ended += (row * mp.lu_solve(-matrix, leaving))[0]
        else:
            moved = row * mp.expm(matrix * (changes[number] - begin), method="taylor")
            ended += ((row - moved) * mp.lu_solve(-matrix, leaving))[0]
            row, begin = moved, changes[number]
    return at_once + ended


#: Of the differences below: errors of about its square.
STEP = mp.mpf(10) ** -10


def joint_moment(
    graph: Graph, thetas: Sequence[Any], changes: Sequence[Number], one: Sequence[Number], other: Sequence[Number]
) -> Number:
    """E[Y Z] of two rewards: a mixed difference of their generating function."""

    def at(u: Number, v: Number) -> Number:
        return generating(graph, thetas, changes, [u * a + v * b for a, b in zip(one, other, strict=True)])

    h = STEP
    return (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)


def mean_reward(graph: Graph, thetas: Sequence[Any], changes: Sequence[Number], reward: Sequence[Number]) -> Number:
    up, down = ([sign * STEP * one for one in reward] for sign in (1, -1))
    return (generating(graph, thetas, changes, up) - generating(graph, thetas, changes, down)) / (2 * STEP)


def state_at(graph: Graph, time: Number, thetas: Sequence[Any], changes: Sequence[Number]) -> tuple[Matrix, int]:
    """The distribution over states under parameters that change at given times, and in which epoch the time is."""
    row, begin, epoch = start(graph, thetas[0]), 0, 0
    for epoch, theta in enumerate(thetas):
        if epoch == len(thetas) - 1 or time < changes[epoch]:
            return row * propagator(graph, theta, time - begin), epoch
        row, begin = row * propagator(graph, theta, changes[epoch] - begin), changes[epoch]
    raise AssertionError(epoch)


def epochs_pdf(graph: Graph, time: Number, thetas: Sequence[Any], changes: Sequence[Number]) -> Number:
    state, epoch = state_at(graph, time, thetas, changes)
    return (state * exits(graph, thetas[epoch]))[0]


def epochs_survival(graph: Graph, time: Number, thetas: Sequence[Any], changes: Sequence[Number]) -> Number:
    return (state_at(graph, time, thetas, changes)[0] * transient(graph))[0]


def epochs_cdf(graph: Graph, time: Number, thetas: Sequence[Any], changes: Sequence[Number]) -> Number:
    defect = 1 - mp.fsum(start(graph, thetas[0]))
    return defect + (state_at(graph, time, thetas, changes)[0] * absorbing(graph))[0]


def epochs_pmf(graph: Graph, time: int, thetas: Sequence[Any], changes: Sequence[int]) -> Number:
    """The last step is taken by the parameters of the epoch that it is in."""
    if time == 0:
        return 1 - (start(graph, thetas[0]) * transient(graph))[0]
    state, epoch = state_at(graph, time - 1, thetas, changes)
    return (state * exits(graph, thetas[epoch]))[0]


def quantile(graph: Graph, probability: Number, theta: Any, near: float) -> Number:
    """The root of the distribution function, by the secant method from a guess."""
    return mp.findroot(lambda time: cdf(graph, time, theta) - probability, (near, near * 1.001), solver="secant")


def difference(function: Callable[..., Number], arguments: Sequence[Number], place: int) -> Number:
    """The derivative of a function of many numbers by one of them: central, in 50 digits, error about 1e-20."""
    up, down = list(exactly(arguments)), list(exactly(arguments))
    up[place] += STEP
    down[place] -= STEP
    return (function(up) - function(down)) / (2 * STEP)
