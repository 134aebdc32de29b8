"""``(z - Q)⁻¹ b`` in ``jax.numpy``, without a subtraction, as the kernel does it.

An acyclic chain is solved by sweeps: state by state back from the last ones, all states of a sweep at once, as many
sweeps as the longest way has edges. A cyclic one is eliminated as a dense matrix, of order states³.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from sharpbits.errors import SharpbitsError
from sharpbits.phasetype.plan import Plan

#: A dense matrix of them takes 32 MB, and its elimination some seconds.
MOST_STATES = 2000


def resolve(plan: Plan, weights: Any, z: Any, b: Any, *, row: bool) -> Any:
    """Return ``(z - Q)⁻¹ b`` on the transient vertices and ``b`` on the others, or with ``row`` ``b (z - Q)⁻¹``."""
    valid = jnp.all(weights >= 0) & jnp.all(weights <= np.finfo(weights.dtype).max)
    broken = jnp.where(valid, 0.0, jnp.nan).astype(weights.dtype)
    if plan.largest == 1:
        return _sweeps(plan, weights, z, b, row=row) + broken
    if plan.transient > MOST_STATES:
        raise SharpbitsError(
            "the chain cannot be solved by the portable implementation",
            why=f"it is cyclic, and more than {MOST_STATES} states are too many for a dense matrix",
            resolution="use implementation='kernel', which knows sparse ones",
            states=plan.transient,
            largest_component=plan.largest,
        )
    return _dense(plan, weights, z, b, row=row) + broken


def _sweeps(plan: Plan, weights: Any, z: Any, b: Any, *, row: bool) -> Any:
    edges, transient = plan.edges, plan.transient_vertices
    inside = transient[edges.target]
    begin, end = edges.source[inside], edges.target[inside]
    weight = weights[edges.number[inside]]
    leaving = z + jax.ops.segment_sum(weights[edges.number], edges.source, plan.vertices)
    if row:
        begin, end = end, begin

    def sweep(_: Any, x: Any) -> Any:
        carried = x[end] / leaving[end] if row else x[end]
        return b + jax.ops.segment_sum(weight * carried, begin, plan.vertices)

    # The rest of the division is the same in both directions.
    if row:
        found = lax.fori_loop(0, plan.depth, sweep, b)
        return jnp.where(transient, found / leaving, b)

    def divided(_: Any, x: Any) -> Any:
        return jnp.where(transient, sweep(_, x) / leaving, b)

    return lax.fori_loop(0, plan.depth + 1, divided, jnp.zeros_like(b))


def _dense(plan: Plan, weights: Any, z: Any, b: Any, *, row: bool) -> Any:
    edges, count = plan.edges, plan.transient
    place = np.full(plan.vertices, -1, np.int64)
    place[plan.order] = np.arange(plan.vertices)
    inside = plan.transient_vertices[edges.target]
    begin, end = place[edges.source], place[edges.target]
    rates = jnp.zeros((count, count), b.dtype).at[begin[inside], end[inside]].set(weights[edges.number[inside]])
    ends = z + jax.ops.segment_sum(weights[edges.number[~inside]], begin[~inside], count).astype(b.dtype)
    number = np.arange(count)

    def eliminate(k: Any, carried: Any) -> Any:
        rates, ends, pivots = carried
        later = number > k
        pivot = jnp.sum(rates[k], where=later) + ends[k]
        share = jnp.where(later, rates[:, k] / pivot, 0)
        rates = rates + share[:, None] * jnp.where(later, rates[k], 0)
        rates = rates.at[number, number].set(0).at[:, k].set(jnp.where(later, share, rates[:, k]))
        return rates, ends + share * ends[k], pivots.at[k].set(pivot)

    rates, ends, pivots = lax.fori_loop(0, count, eliminate, (rates, ends, jnp.zeros(count, b.dtype)))
    lower = jnp.where(number[:, None] > number, rates, 0)
    upper = jnp.where(number[:, None] < number, rates, 0)
    given = b[plan.order[:count]]

    def forward(matrix: Any, divide: bool) -> Any:
        def step(k: Any, x: Any) -> Any:
            value = x[k] + matrix[k] @ x
            return x.at[k].set(value / pivots[k] if divide else value)

        return step

    def against(step: Any) -> Any:
        return lambda k, x: step(count - 1 - k, x)

    if row:
        found = lax.fori_loop(0, count, forward(upper.T, divide=True), given)
        found = lax.fori_loop(0, count, against(forward(lower.T, divide=False)), found)
    else:
        found = lax.fori_loop(0, count, forward(lower, divide=False), given)
        found = lax.fori_loop(0, count, against(forward(upper, divide=True)), found)
    return b.at[plan.order[:count]].set(found)
