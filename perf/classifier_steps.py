"""The contestants: one batch gradient, value and gradient of the mean binary cross entropy, each in its own way.

Every function returns a step without arguments for one size and precision; all steps of a size compute the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml

from sharpbits.classifier.circuit import circuit
from sharpbits.classifier.fused import expectation
from sharpbits.classifier.loss import mean_loss
from sharpbits.classifier.modes import get_mode
from sharpbits.classifier.parameters import Parameters

_config: Any = jax.config  # has no types
_config.update("jax_enable_x64", True)  # as importing catalyst does

Step = Callable[[], Any]


@dataclass(frozen=True)
class Size:
    """A step's size, and its floating-point type: float32 goes with complex64 amplitudes, float64 with complex128."""

    wires: int = 8
    rows: int = 64
    layers: int = 2
    dtype: str = "float64"

    def __str__(self) -> str:
        return f"n={self.wires}-B={self.rows}-L={self.layers}-{self.dtype}"


def problem(size: Size) -> tuple[Parameters, jax.Array, jax.Array]:
    """Return parameters, angles and labels of a size; the same every time."""
    generator = np.random.default_rng([size.wires, size.rows, size.layers])
    parameters = (generator.uniform(-np.pi, np.pi, (size.layers, size.wires, 3)), np.array(0.1), np.array(2.0))
    angles = generator.uniform(-np.pi, np.pi, (size.rows, size.wires))
    labels = generator.integers(0, 2, size.rows)
    with types_of(size):
        given = Parameters(*(jnp.asarray(leaf, size.dtype) for leaf in parameters))
        return given, jnp.asarray(angles, size.dtype), jnp.asarray(labels, size.dtype)


def types_of(size: Size) -> Any:
    """Switch JAX's 64-bit types on for float64 and off for float32: with them default.qubit computes in complex128."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(size.dtype == "float64")
    from jax.experimental import enable_x64

    return enable_x64(size.dtype == "float64")


def _step(size: Size, values: Callable[[jax.Array, jax.Array], jax.Array], *, jit: bool) -> Step:
    parameters, angles, labels = problem(size)

    def loss(parameters: Parameters, angles: jax.Array, labels: jax.Array) -> jax.Array:
        logits = parameters.alpha * values(parameters.weights, angles) + parameters.bias
        return mean_loss(logits, labels, jnp.ones_like(labels))

    gradient = jax.value_and_grad(loss)
    run = jax.jit(gradient) if jit else gradient
    return lambda: run(parameters, angles, labels)


def _with_types_of(size: Size, step: Step) -> Step:
    def run() -> Any:
        with types_of(size):
            return step()

    return run


def fused(size: Size) -> Step:
    """Ours."""
    return _step(size, expectation, jit=True)


def backprop(size: Size) -> Step:
    """PennyLane's default.qubit, vmapped, differentiated by backpropagation, the whole step in one ``jax.jit``."""
    node = qml.QNode(circuit(size.wires), qml.device("default.qubit"), interface="jax", diff_method="backprop")
    step = _step(size, jax.vmap(node, in_axes=(None, 0)), jit=True)
    return step if size.dtype == "float64" else _with_types_of(size, step)


def vmap(size: Size, *, jit: bool = True) -> Step:
    """Catalyst's ``qjit`` of a lightning.qubit QNode, vmapped and differentiated by JAX; always complex128.

    ``jit`` puts JAX's part of the step into one ``jax.jit``: the faster of the two, and not what people write.
    """
    node = qml.QNode(circuit(size.wires), qml.device("lightning.qubit", wires=size.wires), diff_method="adjoint")
    return _step(size, jax.vmap(qml.qjit(node), in_axes=(None, 0)), jit=jit)


def native(size: Size) -> Step:
    """Ours: the mode ``native``, everything inside one ``qjit`` on lightning.qubit; always complex128."""
    mode = get_mode("native", "lightning.qubit", layers=size.layers, wires=size.wires, dtype=size.dtype)
    parameters, angles, labels = problem(size)
    return lambda: mode.gradient(parameters, angles, labels)
