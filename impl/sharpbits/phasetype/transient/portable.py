"""Expectations and states of a chain in ``jax.numpy``: for GPUs, forward mode and Hessians.

The same method as the kernel (``impl/native/phasetype/uniformization.hpp``), one step at a time: a step gathers along
the edges and sums by their ends. The way back computes the steps again from kept states: its memory is of
``2 * 128 * states`` numbers, and its cost four forwards up to 16,384 steps, growing from there.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from sharpbits.phasetype.transient.linear_map import linear_map
from sharpbits.phasetype.transient.question import Question
from sharpbits.phasetype.transient.steps import step_weights, stopped, weight_behind

#: States kept for the way back, and steps computed again at a time.
_KEPT = _STRETCH = 128

#: Less than this times the rest is nothing.
_NOTHING = 1e-290


class _Chain(NamedTuple):
    """``P = I + Q / rate``: what an edge carries, and what leaves a state, in a step."""

    probability: Any
    leaving: Any
    rate: Any
    growth: Any


class _Walk(NamedTuple):
    """``step`` steps done: the state, and sums over the steps before."""

    step: Any
    state: Any
    value: Any
    states: Any
    #: How much the steps before count at each time.
    counted: Any
    states_counted: Any


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def expectation(question: Question, weights: Any, start: Any, functional: Any, times: Any, state_times: Any) -> Any:
    """Return ``start exp(Q t) functional`` at each time, and ``start exp(Q t)`` at each of the state times."""
    walk = _walk(question, weights, start, functional, times, state_times)
    return _with_rest(question, walk, _chain(question, weights), functional, times, state_times)


@expectation.defjvp
def _expectation_jvp(question: Question, primals: Any, tangents: Any) -> Any:
    weights, start, functional, times, state_times = primals
    value, states = expectation(question, *primals)
    moved, moved_states = linear_map(_Derivative(question), primals, tangents[:3])
    if not question.discrete:
        slope, _ = expectation(question, weights, start, _gain(question, weights, functional), times, state_times[:0])
        moved = moved + slope * tangents[3]
        flows = jax.vmap(functools.partial(flow, question, weights))(states)
        moved_states = moved_states + flows * tangents[4][:, None]
    return (value, states), (moved, moved_states)


@dataclass(frozen=True)
class _Derivative:
    """The derivative of values and states by weights, start and functional: a linear map."""

    question: Question

    def forward(self, primals: Any, tangents: Any) -> Any:
        times = primals[3:]

        def value(*varied: Any) -> Any:
            walk = _walk(self.question, *varied, *times)
            return _with_rest(self.question, walk, _chain(self.question, varied[0]), varied[2], *times)

        return jax.jvp(value, tuple(primals[:3]), tuple(tangents))[1]

    def transpose(self, primals: Any, cotangents: Any) -> Any:
        return _way_back(self.question, *primals, *cotangents)


# The chain


def _chain(question: Question, weights: Any) -> _Chain:
    edges = question.plan.edges
    weight = weights[edges.number]
    valid = jnp.all(weights >= 0) & jnp.all(weights <= np.finfo(weights.dtype).max)
    leaving = _sum_by(edges.source, jnp.where(edges.leaves, weight, 0), question)
    if question.discrete:
        rate = jnp.ones((), weights.dtype)
        valid &= jnp.all(leaving <= 1 + 1e-6)
    else:
        # The result does not depend on it, so nothing is differentiated through it.
        rate = lax.stop_gradient(jnp.max(leaving, initial=0))
    unit = jnp.where(rate > 0, 1 / jnp.where(rate > 0, rate, 1), 0)
    unit = jnp.where(valid, unit, jnp.nan)
    added = _sum_by(edges.source, jnp.where(edges.leaves, 0, weight), question)
    growth = 1 + lax.stop_gradient(jnp.max(added, initial=0)) * unit
    return _Chain(weight * unit, leaving * unit, rate, growth)


def _sum_by(vertex: Any, numbers: Any, question: Question) -> Any:
    return jax.ops.segment_sum(numbers, vertex, question.plan.vertices)


def _forward_step(question: Question, chain: _Chain, state: Any) -> Any:
    edges = question.plan.edges
    return state - chain.leaving * state + _sum_by(edges.target, state[edges.source] * chain.probability, question)


def _backward_step(question: Question, chain: _Chain, column: Any) -> Any:
    edges = question.plan.edges
    return column - chain.leaving * column + _sum_by(edges.source, column[edges.target] * chain.probability, question)


def _gain(question: Question, weights: Any, functional: Any) -> Any:
    """Return ``Q functional``."""
    edges = question.plan.edges
    difference = functional[edges.target] - jnp.where(edges.leaves, functional[edges.source], 0)
    return _sum_by(edges.source, weights[edges.number] * difference, question)


def flow(question: Question, weights: Any, state: Any) -> Any:
    """Return ``state Q``."""
    edges = question.plan.edges
    moved = state[edges.source] * weights[edges.number]
    return _sum_by(edges.target, moved, question) - _sum_by(edges.source, jnp.where(edges.leaves, moved, 0), question)


# The way forward


def _means(question: Question, chain: _Chain, times: Any) -> Any:
    return times if question.discrete else chain.rate * times


def _walk(
    question: Question, weights: Any, start: Any, functional: Any, times: Any, state_times: Any, *, keep: Any = None
) -> Any:
    """Take steps until no more of them would change a result.

    ``keep(slots, walk)`` returns kept states with those of a walk added; then the result is the walk and the slots.
    """
    chain = _chain(question, weights)
    mean, state_mean = _means(question, chain, times), _means(question, chain, state_times)
    walk = _Walk(
        jnp.zeros((), mean.dtype),
        start,
        jnp.zeros_like(times),
        jnp.zeros((*state_times.shape, *start.shape), start.dtype),
        jnp.zeros_like(mean),
        jnp.zeros_like(state_mean),
    )

    def more(carried: Any) -> Any:
        walk = carried[0]
        return ~_finished(question, chain, walk, functional, mean, state_mean) & (walk.step < question.most_steps)

    def take(carried: Any) -> Any:
        walk, slots = carried
        slots = slots if keep is None else keep(slots, walk)
        weight = step_weights(question.discrete, walk.step, mean)
        state_weight = step_weights(question.discrete, walk.step, state_mean)
        taken = _Walk(
            walk.step + 1,
            _forward_step(question, chain, walk.state),
            walk.value + weight * (walk.state @ functional),
            walk.states + state_weight[:, None] * walk.state,
            walk.counted + weight,
            walk.states_counted + state_weight,
        )
        return taken, slots

    slots = None if keep is None else jnp.zeros((_KEPT, *start.shape), start.dtype)
    walk, slots = lax.while_loop(more, take, (walk, slots))
    return walk if keep is None else (walk, slots)


def _is_done(question: Question, chain: _Chain, walk: _Walk, functional: Any, mean: Any, state_mean: Any) -> Any:
    """Return for which times, and for which state times, all further steps together change nothing."""
    walk, functional = stopped((walk, functional))
    transient = question.plan.transient_vertices
    mass = jnp.sum(jnp.abs(walk.state), where=transient)
    absorbed = jnp.abs(jnp.sum(walk.state * functional, where=~transient))
    left = mass * jnp.max(jnp.abs(functional), initial=0) + absorbed
    weight = step_weights(question.discrete, walk.step, mean)
    behind = weight_behind(question.discrete, walk.step, mean, weight, chain.growth) * left
    behind = jnp.where(left > 0, behind, 0)
    done = (behind <= question.tolerance * jnp.abs(walk.value)) | (behind <= _tiny(walk) * left)
    state_weight = step_weights(question.discrete, walk.step, state_mean)
    states_behind = weight_behind(question.discrete, walk.step, state_mean, state_weight, chain.growth)
    return done, states_behind <= question.tolerance / 2


def _tiny(walk: _Walk) -> float:
    return max(_NOTHING, float(np.finfo(walk.state.dtype).tiny))


def _finished(question: Question, chain: _Chain, walk: _Walk, functional: Any, mean: Any, state_mean: Any) -> Any:
    """Return whether what lies behind changes no result; see the kernel's ``finished``."""
    done, states_done = _is_done(question, chain, walk, functional, mean, state_mean)
    walk, functional = stopped((walk, functional))
    transient = question.plan.transient_vertices
    mass = jnp.sum(jnp.abs(walk.state), where=transient)
    absorbed = jnp.abs(jnp.sum(walk.state * functional, where=~transient))
    most = jnp.max(jnp.abs(functional), initial=0)
    resting = (mass <= _tiny(walk)) | ((state_mean.size == 0) & (mass * most <= 1e-18 * absorbed))
    # Then what is behind counts as much as 1 less what was counted: to rounding, where that is not close to 0.
    known = jnp.all(done | (walk.counted < 0.99)) & jnp.all(states_done | (walk.states_counted < 0.99))
    broken = jnp.isnan(mass)
    return (jnp.all(done) & jnp.all(states_done)) | (resting & known & (chain.growth == 1)) | broken


def _behind(question: Question, chain: _Chain, walk: _Walk, functional: Any, mean: Any, state_mean: Any) -> Any:
    """Return how much the steps that were not taken count: only absorbing states still have something then."""
    done, states_done = _is_done(question, chain, walk, functional, mean, state_mean)
    return (
        jnp.where(done, 0, jnp.maximum(1 - walk.counted, 0)),
        jnp.where(states_done, 0, jnp.maximum(1 - walk.states_counted, 0)),
    )


def _with_rest(question: Question, walk: _Walk, chain: _Chain, functional: Any, times: Any, state_times: Any) -> Any:
    mean, state_mean = _means(question, chain, times), _means(question, chain, state_times)
    resting = jnp.where(question.plan.transient_vertices, 0, walk.state)
    behind, states_behind = _behind(question, chain, walk, functional, mean, state_mean)
    # A sum that was broken off is no result.
    broken = jnp.where((walk.step < question.most_steps) & ~jnp.isnan(chain.growth), 0.0, jnp.nan).astype(times.dtype)
    value = walk.value + behind * (resting @ functional) + broken
    return value, walk.states + states_behind[:, None] * resting + broken


# The way back


def _way_back(
    question: Question,
    weights: Any,
    start: Any,
    functional: Any,
    times: Any,
    state_times: Any,
    cotangent: Any,
    states_cotangent: Any,
) -> Any:
    """Return the cotangents of weights, start and functional."""
    chain = _chain(question, weights)
    mean, state_mean = _means(question, chain, times), _means(question, chain, state_times)
    edges = question.plan.edges
    longest = jnp.max(jnp.concatenate([mean, state_mean]), initial=0)
    at_most = jnp.minimum(longest + 40 * jnp.sqrt(longest) + 400, question.most_steps)
    stretches = jnp.ceil(at_most / (_KEPT * _STRETCH))  # between kept states
    spacing = stretches * _STRETCH

    def keep(slots: Any, walk: _Walk) -> Any:
        slot = (walk.step // spacing).astype(np.int32)
        due = walk.step == slot * spacing
        return slots.at[slot].set(jnp.where(due, walk.state, slots[slot]))

    walk, slots = _walk(question, weights, start, functional, times, state_times, keep=keep)

    resting = ~question.plan.transient_vertices
    behind, states_behind = _behind(question, chain, walk, functional, mean, state_mean)
    column = jnp.where(resting, (behind @ cotangent) * functional + states_behind @ states_cotangent, 0)
    by_functional = jnp.where(resting, (behind @ cotangent) * walk.state, 0)
    by_probability = jnp.zeros_like(chain.probability)

    def advance(_: Any, state: Any) -> Any:
        return _forward_step(question, chain, state)

    def stretch_back(carried: Any) -> Any:
        number, column, by_probability, by_functional = carried
        first = number * _STRETCH
        slot = (first // spacing).astype(np.int32)
        state = lax.fori_loop(0, (first - slot * spacing).astype(np.int32), advance, slots[slot])
        _, states = lax.scan(lambda state, _: (advance(0, state), state), state, None, length=_STRETCH)

        def step_back(carried: Any, given: Any) -> Any:
            column, by_probability, by_functional = carried
            offset, state = given
            step = first + offset
            taken = step < walk.step
            weight = jnp.where(taken, step_weights(question.discrete, step, mean) @ cotangent, 0)
            row = jnp.where(taken, step_weights(question.discrete, step, state_mean), 0) @ states_cotangent
            state = jnp.where(taken, state, 0)
            along = column[edges.target] - jnp.where(edges.leaves, column[edges.source], 0)
            before = _backward_step(question, chain, column) + weight * functional + row
            return (
                jnp.where(taken, before, column),
                by_probability + state[edges.source] * along,
                by_functional + weight * state,
            ), None

        offsets = jnp.arange(_STRETCH, dtype=mean.dtype)
        done, _ = lax.scan(step_back, (column, by_probability, by_functional), (offsets, states), reverse=True)
        return (number - 1, *done)

    last = jnp.ceil(walk.step / _STRETCH) - 1
    _, column, by_probability, by_functional = lax.while_loop(
        lambda carried: carried[0] >= 0, stretch_back, (last, column, by_probability, by_functional)
    )
    unit = jnp.where(chain.rate > 0, 1 / jnp.where(chain.rate > 0, chain.rate, 1), 0)
    by_weights = jnp.zeros_like(weights).at[edges.number].set(by_probability * unit)
    return by_weights, column, by_functional
