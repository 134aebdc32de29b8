"""Mode ``vmap``: ``jax.vmap`` of the compiled QNode; JAX differentiates."""

from __future__ import annotations

import jax

from sharpbits.classifier.modes.base import JaxMode, Setup
from sharpbits.classifier.modes.devices import compiled


class Vmap(JaxMode):
    """``jax.vmap(qjit(qnode))``; on default.qubit ``jax.vmap(qnode)`` with backpropagation.

    The batch is outside the kernel of a compiled device, which runs once a row (finding
    ``catalyst/batch_is_outside_the_kernel``).
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, jax.vmap(compiled(setup), in_axes=(None, 0)))
