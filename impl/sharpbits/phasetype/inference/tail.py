"""Logarithms of density and survival function, however far in the tail: where they themselves are less than 1e-300.

Method: with the sub-intensity matrix S of the transient states, ``exp(S t) = exp(-c t) exp((S + c I) t)`` for any c.
Close to the rate at which the tail falls off, the second factor neither vanishes nor grows much. ``S + c I`` is a chain
for :func:`~sharpbits.phasetype.transient.expectation`, of edges that add to their target without leaving their source.
In discrete time, ``S**t = c**t (S / c)**t``. The result does not depend on c, so nothing is differentiated through it.
All steps are uniformization's: their errors are relative. Cost: some two to five evaluations of the survival function
to find c, and one of the function itself.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from sharpbits.phasetype.chain import chain_of
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.plan import Plan, make_plan
from sharpbits.phasetype.transient import Question, expectation

#: How far from 0 the logarithm of the scaled function may be at the largest time.
_RANGE = 500.0
#: Rounds of finding c, at most; each takes it further by a factor of the times at which it holds, of 2 at least.
_ROUNDS = 24
#: Halvings of the largest time that a round looks at.
_HALVINGS = 64

_known: weakref.WeakKeyDictionary[Graph, _Transient] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class _Transient:
    """The transient states alone, and two more: one that takes what is left, one that is left at the largest rate."""

    plan: Plan
    #: The transient vertices, and the edges between two different ones.
    vertices: Int[np.ndarray, " transient"]
    inner: Int[np.ndarray, " inner"]
    #: The edges that leave a vertex, and its place among the transient ones.
    leaving: Int[np.ndarray, " leaving"]
    leaves: Int[np.ndarray, " leaving"]


def _transient_of(graph: Graph) -> _Transient:
    found = _known.get(graph)
    if found is None:
        absorbing = chain_of(graph).absorbing
        vertices = np.flatnonzero(~absorbing)
        place = np.full(graph.vertices, -1)
        place[vertices] = np.arange(len(vertices))
        differ = graph.source != graph.target
        inner = np.flatnonzero(differ & ~absorbing[graph.target])
        sink, fastest = len(vertices), len(vertices) + 1
        states = np.arange(len(vertices))
        plan = make_plan(
            len(vertices) + 2,
            np.concatenate([place[graph.source[inner]], states, [fastest]]),
            np.concatenate([place[graph.target[inner]], np.full(len(vertices) + 1, sink)]),
            np.concatenate([np.zeros(len(inner), bool), np.ones(len(vertices) + 1, bool)]),
        )
        leaving = np.flatnonzero(differ)
        found = _Transient(plan, vertices, inner, leaving, place[graph.source[leaving]])
        _known[graph] = found
    return found


@dataclass(frozen=True)
class _Scaled:
    """The scaled chain of one θ."""

    chain: _Transient
    question: Question
    implementation: str
    #: Of the graph's edges, and the rate or probability of leaving each transient state.
    weights: Float[Array, " edges"]
    leaving: Float[Array, " transient"]
    start: Float[Array, " transient"]

    def __call__(self, factor: Any, functional: Any, times: Any) -> Any:
        """Return ``start exp((S + factor I) t) functional``, or ``start (S / factor)**t functional``."""
        inner = self.weights[self.chain.inner]
        if self.question.discrete:
            inner, leaving = inner / factor, (factor - 1 + self.leaving) / factor
        else:
            leaving = self.leaving - factor
        # Of the slowest state it is 0, or by rounding a little less; the derivative is that of any other state.
        leaving = leaving + lax.stop_gradient(jnp.maximum(leaving, 0) - leaving)
        fastest = lax.stop_gradient(jnp.max(self.leaving))
        weights = jnp.concatenate([inner, leaving, fastest[None]])
        ends = jnp.zeros(2, self.start.dtype)
        found, _ = expectation(
            self.question,
            weights,
            jnp.concatenate([self.start, ends]),
            jnp.concatenate([functional, ends]),
            times,
            times[:0],
            implementation=self.implementation,
        )
        return found

    def fall(self, largest: Any) -> Any:
        """Return the rate, or the ratio of two steps, at which the survival function falls off before a time."""
        fixed = jax.tree.map(lax.stop_gradient, (self.weights, self.leaving, self.start, largest))
        scaled = _Scaled(self.chain, self.question, self.implementation, *fixed[:3])
        largest, ones = fixed[3], jnp.ones_like(scaled.start)
        times = largest / 2.0 ** jnp.arange(_HALVINGS, dtype=largest.dtype)
        if self.question.discrete:
            times = jnp.floor(times)

        def logarithms(factor: Any) -> Any:
            return jnp.log(scaled(factor, ones, times))

        def refine(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            round_, factor, logarithm = state
            usable = jnp.abs(logarithm) <= _RANGE  # false for NaN
            at = jnp.minimum(jnp.argmax(usable), _HALVINGS - 2)
            span = times[at] - times[at + 1]
            known = usable[at] & usable[at + 1] & (span > 0)
            slope = jnp.where(known, (logarithm[at] - logarithm[at + 1]) / jnp.where(known, span, 1), 0)
            if self.question.discrete:
                factor = jnp.clip(factor * jnp.exp(slope), jnp.max(1 - scaled.leaving), 1)
            else:
                factor = jnp.clip(factor - slope, 0, jnp.min(scaled.leaving))
            return round_ + 1, factor, logarithms(factor)

        def is_short(state: tuple[Any, Any, Any]) -> Any:
            return (state[0] < _ROUNDS) & ~(jnp.abs(state[2][0]) <= _RANGE)

        first = jnp.asarray(float(self.question.discrete), largest.dtype)
        return lax.while_loop(is_short, refine, (0, first, logarithms(first)))[1]

    def logarithm(self, functional: Any, times: Any) -> Any:
        factor = self.fall(jnp.max(times))
        value = self(factor, functional, times)
        scale = jnp.log(factor) if self.question.discrete else -factor
        return log_or_none(value) + scale * times


def log_or_none(value: Any) -> Any:
    """Return the logarithm; -inf, with derivative 0, where there is none."""
    positive = value > 0
    return jnp.where(positive, jnp.log(jnp.where(positive, value, 1)), -jnp.inf)


def _scaled(graph: Graph, theta: Any, implementation: str, max_steps: float) -> _Scaled:
    chain, transient = chain_of(graph), _transient_of(graph)
    weights = chain.weights(theta)
    leaving = jax.ops.segment_sum(weights[transient.leaving], transient.leaves, len(transient.vertices))
    question = Question(transient.plan, chain.discrete, most_steps=max_steps, implicit=False)
    return _Scaled(transient, question, implementation, weights, leaving, chain.start(theta)[transient.vertices])


def log_exit_in_tail(graph: Graph, theta: Any, times: Any, *, implementation: str, max_steps: float = 1e7) -> Any:
    """Return the logarithm of the density, or of the probability of absorption after so many steps, 1 at least."""
    scaled = _scaled(graph, theta, implementation, max_steps)
    exits = chain_of(graph).exit_weights(scaled.weights)[scaled.chain.vertices]
    return scaled.logarithm(exits, times - 1 if scaled.question.discrete else times)


def log_survival_in_tail(graph: Graph, theta: Any, times: Any, *, implementation: str, max_steps: float = 1e7) -> Any:
    """Return the logarithm of the survival function."""
    scaled = _scaled(graph, theta, implementation, max_steps)
    return scaled.logarithm(jnp.ones_like(scaled.leaving), times)
