"""The fused circuit against the circuit itself: dense matrices, parameter shift, differences, PennyLane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import fused_oracle as dense
from sharpbits.classifier.circuit import circuit
from sharpbits.classifier.fused import expectation
from sharpbits.wide_types import wide_types

Array = npt.NDArray[Any]


@pytest.fixture(autouse=True)
def _wide_types() -> Iterator[None]:
    with wide_types():
        yield


def tolerance(dtype: npt.DTypeLike, layers: int, wires: int) -> float:
    """Each of the gates rounds a handful of times; values and derivatives are of order 1."""
    return 8 * (4 * layers * wires + wires + 4) * float(np.finfo(dtype).eps)


@st.composite
def circuits(draw: st.DrawFn, most_wires: int, most_layers: int, most_rows: int) -> tuple[Array, Array]:
    layers, wires = draw(st.integers(0, most_layers)), draw(st.integers(1, most_wires))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    # Rounded first: the oracle must be given the same numbers.
    angle = st.one_of(
        st.sampled_from([0.0, np.pi / 2, -np.pi / 2, np.pi, 2 * np.pi, 4 * np.pi]), st.floats(-7, 7, width=32)
    )
    count = 3 * layers * wires
    weights = np.array(draw(st.lists(angle, min_size=count, max_size=count)), dtype).reshape(layers, wires, 3)
    rows = draw(st.integers(1, most_rows))
    angles = np.array(draw(st.lists(angle, min_size=rows * wires, max_size=rows * wires)), dtype).reshape(rows, wires)
    return weights, angles


@given(circuits(most_wires=6, most_layers=3, most_rows=11))
@settings(max_examples=50)
def test_values_are_those_of_the_dense_matrices(drawn: tuple[Array, Array]) -> None:
    weights, angles = drawn
    value = expectation(weights, angles)
    assert value.dtype == weights.dtype
    expected = dense.expectations(weights.astype(float), angles.astype(float))
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance(weights.dtype, *weights.shape[:2]))


@given(circuits(most_wires=4, most_layers=3, most_rows=3))
@settings(max_examples=25)
def test_derivatives_are_those_of_the_parameter_shift_rule(drawn: tuple[Array, Array]) -> None:
    weights, angles = drawn
    by_weights, by_angles = dense.parameter_shift(weights.astype(float), angles.astype(float))
    cotangent = np.random.default_rng(len(angles)).uniform(-1, 1, len(angles)).astype(weights.dtype)
    _, pull_back = jax.vjp(expectation, weights, angles)
    own_by_weights, own_by_angles = pull_back(cotangent)
    assert own_by_weights.dtype == own_by_angles.dtype == weights.dtype
    limit = len(angles) * tolerance(weights.dtype, *weights.shape[:2])
    np.testing.assert_allclose(own_by_weights, np.tensordot(cotangent, by_weights, 1), rtol=0, atol=limit)
    np.testing.assert_allclose(own_by_angles, cotangent[:, None] * by_angles, rtol=0, atol=limit)


@pytest.mark.parametrize(
    ("layers", "wires", "dtype"),
    [(0, 2, float), (1, 1, float), (3, 1, float), (1, 2, float), (2, 2, float), (3, 4, float), (3, 3, np.float32)],
)
def test_the_portable_implementation_is_the_same_circuit(layers: int, wires: int, dtype: npt.DTypeLike) -> None:
    generator = np.random.default_rng([layers, wires])
    weights = generator.uniform(-7, 7, (layers, wires, 3)).astype(dtype)
    angles = generator.uniform(-7, 7, (2, wires)).astype(dtype)
    value, pull_back = jax.vjp(lambda w, x: expectation(w, x, implementation="portable"), weights, angles)
    limit = 2 * tolerance(dtype, layers, wires)
    np.testing.assert_allclose(
        value, dense.expectations(weights.astype(float), angles.astype(float)), rtol=0, atol=limit
    )
    cotangent = np.array([0.5, -1.0], dtype)
    by_weights, by_angles = dense.parameter_shift(weights.astype(float), angles.astype(float))
    own_by_weights, own_by_angles = pull_back(cotangent)
    np.testing.assert_allclose(own_by_weights, np.tensordot(cotangent, by_weights, 1), rtol=0, atol=limit)
    np.testing.assert_allclose(own_by_angles, cotangent[:, None] * by_angles, rtol=0, atol=limit)


@pytest.mark.parametrize("wires", [5, 9, 13])
def test_derivatives_are_slopes_of_the_value(wires: int) -> None:
    """Central differences of the same forward pass: error of the order of step**2, rounding of eps / step."""
    generator = np.random.default_rng(wires)
    weights, angles = generator.uniform(-4, 4, (3, wires, 3)), generator.uniform(-4, 4, (2, wires))
    gradient = jax.grad(lambda w, x: jnp.sum(expectation(w, x)), argnums=(0, 1))(weights, angles)
    step = np.finfo(float).eps ** (1 / 3)
    for place, (array, own) in enumerate(zip((weights, angles), gradient, strict=True)):
        direction = generator.normal(size=array.shape)
        direction /= np.linalg.norm(direction)
        shifted = [[weights, angles], [weights, angles]]
        shifted[0][place], shifted[1][place] = array + step * direction, array - step * direction
        slope = (jnp.sum(expectation(*shifted[0])) - jnp.sum(expectation(*shifted[1]))) / (2 * step)
        assert abs(slope - np.vdot(own, direction)) < 100 * step**2


@pytest.mark.parametrize("wires", [14, 17])
def test_single_precision_stays_close_to_double_on_many_wires(wires: int) -> None:
    """Sums over 2**wires amplitudes are made of short runs, so their error does not grow with the size."""
    generator = np.random.default_rng(wires)
    weights = generator.uniform(-1, 1, (3, wires, 3)).astype(np.float32)
    angles = generator.uniform(-1, 1, (1, wires)).astype(np.float32)
    single = jax.value_and_grad(lambda w: jnp.sum(expectation(w, angles)))(weights)
    double = jax.value_and_grad(lambda w: jnp.sum(expectation(w, angles.astype(float))))(weights.astype(float))
    for own, other in zip(jax.tree.leaves(single), jax.tree.leaves(double), strict=True):
        np.testing.assert_allclose(own, other, rtol=0, atol=tolerance(np.float32, 3, wires))


def test_it_is_the_circuit_that_pennylane_runs() -> None:
    qml = pytest.importorskip("pennylane")
    generator = np.random.default_rng(5)
    weights, angles = generator.uniform(-4, 4, (2, 5, 3)), generator.uniform(-4, 4, (3, 5))
    node = qml.QNode(circuit(5), qml.device("default.qubit", wires=5))
    expected = [float(node(weights, row)) for row in angles]
    np.testing.assert_allclose(expectation(weights, angles), expected, rtol=0, atol=tolerance(float, 2, 5))
