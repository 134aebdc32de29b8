"""A graph as JAX sees it: its edges' weights and its start as functions of θ, and how its chain is computed."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharpbits.phasetype.graph import Graph, Kind, WeightMode
from sharpbits.phasetype.plan import Plan, make_plan

_Result = TypeVar("_Result")

_known: weakref.WeakKeyDictionary[Graph, Chain] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Chain:
    """What evaluations need of a graph; made once a graph, and gone with it, so it has no reference to it.

    Attributes
    ----------
    discrete
        Whether time is a number of steps.
    vertices
        Their number.
    absorbing
        Which vertices have no outgoing edge.
    source, target
        Of each edge.
    plan
        How the chain is computed.
    """

    discrete: bool
    vertices: int
    source: Int[np.ndarray, " edges"]
    target: Int[np.ndarray, " edges"]
    absorbing: Bool[np.ndarray, " vertices"]
    plan: Plan
    _weights: _Weights
    _start: Int[np.ndarray, " starts"]
    _start_weights: _Weights
    _exits: Int[np.ndarray, " exits"]
    _compiled: dict[Hashable, Callable[..., Any]] = field(default_factory=dict)

    def weights(self, theta: Float[Array, " parameters"]) -> Float[Array, " edges"]:
        """Return the weights of the edges; see :meth:`Graph.weights`, which also checks them."""
        return self._weights.at(theta)

    def start(self, theta: Float[Array, " parameters"]) -> Float[Array, " vertices"]:
        """Return the probability of starting in each vertex."""
        return jnp.zeros(self.vertices, theta.dtype).at[self._start].set(self._start_weights.at(theta))

    def exit_weights(self, weights: Float[Array, " edges"]) -> Float[Array, " vertices"]:
        """Return the rate, or the probability, of moving from each vertex to an absorbing one."""
        return jax.ops.segment_sum(weights[self._exits], self.source[self._exits], self.vertices)

    def compiled(self, key: Hashable, make: Callable[[], Callable[..., _Result]]) -> Callable[..., _Result]:
        """Return what ``make`` makes, compiled by JAX, and keep it by its key as long as the graph lives."""
        if key not in self._compiled:
            self._compiled[key] = jax.jit(make())
        found: Callable[..., _Result] = self._compiled[key]
        return found


@dataclass(frozen=True, eq=False)
class _Weights:
    """``base + coefficients·θ``, or ``base · exp(coefficients·θ)``."""

    mode: WeightMode
    base: Float[np.ndarray, " k"]
    coefficients: Float[np.ndarray, "k parameters"]

    def at(self, theta: Float[Array, " parameters"]) -> Float[Array, " k"]:
        base, coefficients = jnp.asarray(self.base, theta.dtype), jnp.asarray(self.coefficients, theta.dtype)
        multiply = functools.partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)
        along = multiply(coefficients, theta)
        if self.mode is WeightMode.LOG_LINEAR:
            return base * jnp.exp(along)
        found = base + along
        # 1 - θ₁ - θ₂ may miss 0 by the rounding of its p + 1 terms: that is no negative weight.
        size = jnp.abs(base) + multiply(jnp.abs(coefficients), jnp.abs(theta))
        rounding = jax.lax.stop_gradient((len(theta) + 1) * np.finfo(theta.dtype).eps * size)
        return jnp.where((found < 0) & (found >= -rounding), 0.0, found)


def chain_of(graph: Graph) -> Chain:
    """Return what evaluations need of a graph. Cost of the first time: of order edges times the log of edges."""
    found = _known.get(graph)
    if found is None:
        found = _known[graph] = Chain(
            discrete=graph.kind is Kind.DISCRETE,
            vertices=graph.vertices,
            source=graph.source,
            target=graph.target,
            absorbing=graph.absorbing,
            plan=make_plan(graph.vertices, graph.source, graph.target),
            _weights=_Weights(graph.weight_mode, graph.base, graph.coefficients),
            _start=graph.start,
            _start_weights=_Weights(graph.weight_mode, graph.start_base, graph.start_coefficients),
            _exits=np.flatnonzero(graph.absorbing[graph.target]),
        )
    return found
