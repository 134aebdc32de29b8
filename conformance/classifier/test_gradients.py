"""Gradients of a QNode over a batch inside ``@qjit`` are those of finite differences of the dense statevector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest
from packaging.version import Version

from classifier import dense_circuit
from sharpbits.classifier import gradients, mean_loss_and_gradient, values_and_gradients
from sharpbits.classifier.circuit import circuit

Array = npt.NDArray[Any]

catalyst = pytest.importorskip("catalyst")
qml = pytest.importorskip("pennylane")

LAYERS, WIRES, ROWS = 2, 3, 5


def qnode() -> Any:
    return qml.QNode(circuit(WIRES), qml.device("lightning.qubit", wires=WIRES), diff_method="adjoint")


def drawn() -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(5)
    weights, angles = rng.uniform(-3, 3, (LAYERS, WIRES, 3)), rng.uniform(-3, 3, (ROWS, WIRES))
    return weights, angles, rng.integers(0, 2, ROWS).astype(float)


def cross_entropy(value: Any, label: Any) -> Any:
    logit = 2.0 * value + 0.1
    return jax.nn.softplus(logit) - label * logit


def hinge(value: Any, label: Any) -> Any:
    return jnp.where((2 * label - 1) * value < 0.9, 0.9 - (2 * label - 1) * value, 0.0)


@jax.jit
def squared(value: Any, label: Any) -> Any:
    return (value - label) ** 2


#: Each calls functions that JAX jits: behind those jax.grad inside qjit is zero.
LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "cross entropy": (cross_entropy, lambda z, y: np.logaddexp(0, 2 * z + 0.1) - y * (2 * z + 0.1)),
    "hinge": (hinge, lambda z, y: np.maximum(0.9 - (2 * y - 1) * z, 0.0)),
    "squared, jitted": (squared, lambda z, y: (z - y) ** 2),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_of_a_batch_loss_with_jitted_parts_equals_finite_differences(name: str) -> None:
    weights, angles, labels = drawn()
    ours, dense = LOSSES[name]

    def exact(at: Array) -> float:
        values = np.array([dense_circuit.expectation(at.reshape(weights.shape), row) for row in angles])
        return float(np.mean(dense(values, labels)))

    loss, gradient = catalyst.qjit(mean_loss_and_gradient(qnode(), ours))(weights, angles, labels)
    np.testing.assert_allclose(loss, exact(weights.ravel()), rtol=0, atol=1e-13)
    differences = dense_circuit.differences(exact, weights.ravel(), 1e-3)
    np.testing.assert_allclose(np.ravel(gradient), differences, rtol=0, atol=1e-10)
    assert np.max(np.abs(differences)) > 1e-2  # or zeros would agree


def test_value_and_gradient_computed_apart_as_on_older_releases_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Catalyst 0.15 the values come from a forward pass of their own; here both ways run on one release."""
    weights, angles, _ = drawn()
    values, jacobian = catalyst.qjit(values_and_gradients(qnode()))(weights, angles)
    monkeypatch.setattr(gradients, "_VALUE_WITH_GRADIENT", Version("99"))
    values_apart, jacobian_apart = catalyst.qjit(values_and_gradients(qnode()))(weights, angles)
    np.testing.assert_allclose(values, values_apart, rtol=0, atol=1e-13)
    np.testing.assert_allclose(jacobian, jacobian_apart, rtol=0, atol=1e-13)
