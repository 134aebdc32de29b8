"""``(z - Q)⁻¹ b``, differentiable in every mode and to any order: JAX differentiates the equation, not its solution.

Under ``shard_map`` that needs ``check_vma=False``: ``jax.lax.custom_linear_solve`` does not know what varies over
devices.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Inexact

from sharpbits.phasetype.elimination_plan import elimination_plan
from sharpbits.phasetype.plan import Plan
from sharpbits.phasetype.resolvent import kernel, portable
from sharpbits.phasetype.transient import by_platform


@dataclass(frozen=True, eq=False)
class Resolvent:
    """``(z - Q)⁻¹`` of a chain with rates Q on its transient states; ``(z + 1 - P)⁻¹`` in discrete time.

    Method: elimination without subtractions (Grassmann, Taksar, Heyman 1985), so that for z = 0 results are exact to
    some units in the last place even where rates are 1e8 apart.

    Attributes
    ----------
    plan
        Of the chain.
    weights
        Of its edges. Where one is negative or not finite, results are NaN.
    implementation
        ``auto``, ``kernel`` or ``portable``.
    """

    plan: Plan
    weights: Float[Array, " edges"]
    implementation: str = "auto"

    def __call__(self, b: Inexact[Array, " vertices"], z: Any = 0.0) -> Inexact[Array, " vertices"]:
        """Return ``(z - Q)⁻¹ b`` on the transient vertices, 0 on the absorbing ones."""
        return self._found(b, z, row=False)

    def row(self, b: Inexact[Array, " vertices"], z: Any = 0.0) -> Inexact[Array, " vertices"]:
        """Return ``b (z - Q)⁻¹`` on the transient vertices, 0 on the absorbing ones."""
        return self._found(b, z, row=True)

    def _found(self, b: Any, z: Any, *, row: bool) -> Array:
        plan, edges, count = self.plan, self.plan.edges, self.plan.vertices
        transient = plan.transient_vertices
        inside = transient[edges.target]
        z = jnp.asarray(z, jnp.result_type(b, z))
        b = jnp.where(transient, b, 0).astype(z.dtype)
        leaving = z + jax.ops.segment_sum(self.weights[edges.number], edges.source, count)
        weight = self.weights[edges.number[inside]]
        begin, end = edges.source[inside], edges.target[inside]
        if row:
            begin, end = end, begin

        def apply(x: Any) -> Any:
            """Return ``(z - Q) x``, or ``x (z - Q)``, on the transient vertices, ``x`` on the others."""
            moved = jax.ops.segment_sum(weight * x[end], begin, count)
            return jnp.where(transient, leaving * x - moved, x)

        found: Array = jax.lax.custom_linear_solve(
            apply,
            b,
            lambda _, b: self._solve(b, z, row=row),
            transpose_solve=lambda _, b: self._solve(b, z, row=not row),
        )
        return found

    def _solve(self, b: Any, z: Any, *, row: bool) -> Any:
        anywhere = functools.partial(portable.resolve, self.plan, row=row)
        by_kernel = None
        if self.implementation != "portable":
            packed = self.plan.derived("elimination", lambda: elimination_plan(self.plan))
            by_kernel = functools.partial(kernel.resolve, packed, row=row)
        return by_platform(self.implementation, by_kernel, anywhere, self.weights, z, b)
