"""Mode ``map``: ``jax.lax.map`` of the compiled QNode, one row after the other; JAX differentiates."""

from __future__ import annotations

import jax

from sharpbits.classifier.modes.base import JaxMode, Setup
from sharpbits.classifier.modes.devices import compiled


class Map(JaxMode):
    """``jax.lax.map(qjit(qnode))``; on default.qubit ``jax.lax.map(qnode)``: the memory of one row at a time.

    The map is outside ``@qjit``, where its gradient is right (finding ``catalyst/jax_grad_of_lax_map_of_qjit``).
    """

    def __init__(self, setup: Setup) -> None:
        one = compiled(setup)

        def values(weights: jax.Array, angles: jax.Array) -> jax.Array:
            expectations: jax.Array = jax.lax.map(lambda row: one(weights, row), angles)
            return expectations

        super().__init__(setup, values)
