"""Moments of phase-type graphs in exact rational arithmetic: Gaussian elimination of the whole system, in any order.

The oracle of the eliminations. Weights are the doubles that the graph computes, taken as the fractions that they are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from sharpbits.phasetype import Graph, Kind, WeightMode

Vector = list[Fraction]
Powers = tuple[int, ...]


class Exact:
    """A graph at one θ, as fractions; made by ``of`` or ``linear``.

    Attributes
    ----------
    step
        ``step[i][j]``: weight of the edge from i to j, self-loops left out.
    stay
        The chance to stay, in discrete time.
    """

    def __init__(self, graph: Graph, weights: Sequence[Fraction], start: Sequence[Fraction]) -> None:
        self.graph = graph
        size = graph.vertices
        self.step = [[Fraction(0)] * size for _ in range(size)]
        for source, target, weight in zip(graph.source, graph.target, weights, strict=True):
            if source != target:
                self.step[source][target] = weight
        self.stay = [1 - sum(row, Fraction(0)) for row in self.step]
        self.start = [Fraction(0)] * size
        for vertex, probability in zip(graph.start, start, strict=True):
            self.start[vertex] = probability

    @classmethod
    def of(cls, graph: Graph, theta: npt.ArrayLike = ()) -> Exact:
        """Take weights as the doubles that the graph makes of parameters."""
        return cls(
            graph,
            [Fraction(float(one)) for one in graph.weights(theta)],
            [Fraction(float(one)) for one in graph.start_probabilities(theta)],
        )

    @classmethod
    def linear(cls, graph: Graph, theta: Sequence[Fraction]) -> Exact:
        """Take linear weights at fractional parameters, without rounding."""

        def at(base: npt.NDArray[Any], coefficients: npt.NDArray[Any]) -> Vector:
            return [
                Fraction(float(b)) + sum((Fraction(float(c)) * t for c, t in zip(row, theta, strict=True)), Fraction(0))
                for b, row in zip(base, coefficients, strict=True)
            ]

        return cls(graph, at(graph.base, graph.coefficients), at(graph.start_base, graph.start_coefficients))

    def solve(self, side: Sequence[Fraction]) -> Vector:
        """Return x with ``Σ_j w_ij (x_i - x_j) = side_i`` for all transient i, and 0 for the absorbing ones."""
        inner = np.flatnonzero(~self.graph.absorbing).tolist()
        rows = [
            [(sum(self.step[i], Fraction(0)) if i == j else Fraction(0)) - self.step[i][j] for j in inner] + [side[i]]
            for i in inner
        ]
        for column in range(len(rows)):
            pivot = next(place for place in range(column, len(rows)) if rows[place][column])
            rows[column], rows[pivot] = rows[pivot], rows[column]
            for place, row in enumerate(rows):
                if place != column and row[column]:
                    factor = row[column] / rows[column][column]
                    rows[place] = [x - factor * y for x, y in zip(row, rows[column], strict=True)]
        found = [Fraction(0)] * self.graph.vertices
        for place, vertex in enumerate(inner):
            found[vertex] = rows[place][-1] / rows[place][place]
        return found

    def after_a_step(self, values: Vector) -> Vector:
        return [
            self.stay[i] * values[i] + sum((w * x for w, x in zip(row, values, strict=True)), Fraction(0))
            for i, row in enumerate(self.step)
        ]

    def moments(self, rewards: Sequence[Vector], powers: Powers) -> Vector:
        """Return E[Π R_a^powers_a] from every vertex, by the first step of the chain."""
        size = self.graph.vertices
        if not any(powers):
            return [Fraction(1)] * size
        side = [Fraction(0)] * size
        if self.graph.kind is Kind.CONTINUOUS:
            for taken, power in enumerate(powers):
                if power:
                    lower = self.moments(rewards, tuple(p - (a == taken) for a, p in enumerate(powers)))
                    side = [s + power * rewards[taken][i] * lower[i] for i, s in enumerate(side)]
        else:
            for below in itertools.product(*(range(power + 1) for power in powers)):
                if below == powers:
                    continue
                after = self.after_a_step(self.moments(rewards, below)) if any(below) else [Fraction(1)] * size
                for i in range(size):
                    factor = Fraction(math.prod(math.comb(p, b) for p, b in zip(powers, below, strict=True)))
                    for reward, p, b in zip(rewards, powers, below, strict=True):
                        factor *= reward[i] ** (p - b)
                    side[i] += factor * after[i]
        return self.solve(side)

    def moment(self, rewards: Sequence[Vector], powers: Powers) -> Fraction:
        """Return the same from the start, the defect earning nothing."""
        return sum((p * x for p, x in zip(self.start, self.moments(rewards, powers), strict=True)), Fraction(0))

    def covariance(self, rewards: Sequence[Vector], one: int, other: int) -> Fraction:
        def powers(*which: int) -> Powers:
            return tuple(which.count(place) for place in range(len(rewards)))

        return self.moment(rewards, powers(one, other)) - self.moment(rewards, powers(one)) * self.moment(
            rewards, powers(other)
        )


def as_fractions(rewards: npt.NDArray[Any]) -> list[Vector]:
    """Return the columns of ``[n, r]``."""
    return [[Fraction(float(x)) for x in column] for column in rewards.T]


def relative_error(found: float, exact: Fraction) -> float:
    """Return the error in units of the exact value; an exact 0 must be found as 0."""
    difference = abs(Fraction(float(found)) - exact)
    return float(difference / abs(exact)) if exact else float(difference > 0)


@st.composite
def stiff_graphs(draw: st.DrawFn, kind: Kind) -> Graph:
    """Cyclic graphs of up to seven states whose weights are up to 1e8 apart, one parameter, θ = 1.

    In discrete time the chance to leave a state is between 1e-8 and 1.
    """
    transient = draw(st.integers(1, 6))
    pairs = {(draw(st.integers(0, later - 1)), later) for later in range(1, transient)}
    pairs |= {(one, draw(st.integers(one + 1, transient))) for one in range(transient)}
    inner = st.tuples(st.integers(0, transient - 1), st.integers(0, transient))
    pairs |= {pair for pair in draw(st.lists(inner, max_size=12)) if pair[0] != pair[1]}
    edges = np.array(sorted(pairs))
    weight = np.array([draw(st.floats(1, 9)) * 10.0 ** draw(st.integers(-4, 4)) for _ in edges])
    if kind is Kind.DISCRETE:
        total = np.bincount(edges[:, 0], weight)
        leave = np.array([10.0 ** -draw(st.integers(0, 8)) * (1 - 2.0**-40) for _ in range(transient)])
        weight = weight / total[edges[:, 0]] * leave[edges[:, 0]]
    share = draw(st.sampled_from([0.0, 0.5, 1.0]))
    return Graph(
        kind=kind,
        weight_mode=WeightMode.LINEAR,
        states=np.arange(transient + 1)[:, None],
        source=edges[:, 0],
        target=edges[:, 1],
        base=weight * share,
        coefficients=(weight * (1 - share))[:, None],
        start=np.array([0]),
        start_base=np.array([draw(st.sampled_from([1.0, 0.75]))]),
        start_coefficients=np.zeros((1, 1)),
    )
