"""Every mode computes the same circuit, loss and gradient: the dense statevector's and its finite differences."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import dense_circuit
from sharpbits.classifier import Parameters, get_mode
from sharpbits.classifier.batching import epoch_order
from sharpbits.classifier.loss import mean_loss
from sharpbits.classifier.modes import State
from sharpbits.classifier.optimisers import OPTIMISERS, optimiser
from sharpbits.wide_types import wide_types

Array = npt.NDArray[Any]

#: (layers, wires, rows): one compilation each. One wire has no ring, two have a ring of two CNOTs.
SHARED_SIZES = [(2, 2, 3), (2, 3, 5)]
SIZES = [(0, 2, 2), (1, 1, 2), *SHARED_SIZES, (3, 3, 2)]
MODES = [
    ("vmap", "lightning.qubit"),
    ("map", "lightning.qubit"),
    ("native", "lightning.qubit"),
    ("fused", "statevector"),
]
#: What differs between sizes is the circuit, which vmap and map share; on default.qubit each compiles for seconds.
ALL = [(*mode, *size) for mode in MODES for size in (SIZES if mode[0] in ("native", "fused") else SHARED_SIZES)] + [
    ("vmap", "default.qubit", 1, 2, 2),
    ("map", "default.qubit", 1, 1, 2),
]
EVERY = pytest.mark.parametrize(("name", "device", "layers", "wires", "rows"), ALL)
PRECISION = pytest.mark.parametrize("dtype", ["float64", "float32"])


def requires(device: str) -> None:
    if device != "statevector":
        pytest.importorskip("catalyst")


def drawn(seed: int, layers: int, wires: int, rows: int) -> tuple[Parameters, Array, Array, Array]:
    rng = np.random.default_rng(seed)
    # NumPy's, so that a test can change them; a mode converts what it is given.
    numbers: list[Any] = [rng.uniform(-np.pi, np.pi, (layers, wires, 3)), rng.normal(scale=2.0), rng.normal(scale=3.0)]
    parameters = Parameters(*numbers)
    row_weights = rng.integers(0, 3, rows).astype(float)
    row_weights[0] = 1.0  # padding never fills a batch
    return parameters, rng.uniform(-np.pi, np.pi, (rows, wires)), rng.integers(0, 2, rows).astype(float), row_weights


def flat(parameters: Parameters) -> Array:
    return np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in parameters])


def rounding(dtype: str, parameters: Parameters, angles: Array) -> float:
    """The gates' rounding errors add up; slope and size of the logit multiply them; angles are rounded, too."""
    gates = angles.shape[1] * (1 + 4 * parameters.weights.shape[0])
    size = 1 + abs(float(parameters.alpha)) + abs(float(parameters.bias))
    return float(8 * gates * np.finfo(dtype).eps * size * (1 + np.pi))


@EVERY
@PRECISION
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_values_are_those_of_the_dense_statevector(
    name: str, device: str, layers: int, wires: int, rows: int, dtype: str, seed: int
) -> None:
    requires(device)
    mode = get_mode(name, device, layers=layers, wires=wires, dtype=dtype)
    parameters, angles, _, _ = drawn(seed, layers, wires, rows)
    values = mode.expectation(parameters.weights, angles)
    assert values.dtype == dtype
    exact = [dense_circuit.expectation(np.asarray(parameters.weights), row) for row in angles]
    np.testing.assert_allclose(values, exact, rtol=0, atol=rounding(dtype, parameters, angles))


@EVERY
@PRECISION
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_loss_and_gradient_are_those_of_finite_differences(
    name: str, device: str, layers: int, wires: int, rows: int, dtype: str, seed: int
) -> None:
    requires(device)
    mode = get_mode(name, device, layers=layers, wires=wires, dtype=dtype)
    parameters, angles, labels, row_weights = drawn(seed, layers, wires, rows)
    loss, gradient = mode.gradient(parameters, angles, labels, row_weights)
    assert loss.dtype == dtype
    assert {str(leaf.dtype) for leaf in gradient} == {dtype}
    assert gradient.weights.shape == (layers, wires, 3)

    def exact(at: Array) -> float:
        return dense_circuit.loss(at, (layers, wires, 3), angles, labels, row_weights)

    at = flat(parameters)
    tolerance = rounding(dtype, parameters, angles)
    np.testing.assert_allclose(loss, exact(at), rtol=0, atol=tolerance)
    # Fourth-order differences with step 1e-3: truncation some 1e-12 times the fifth derivative of the logit.
    truncation = 1e-10 * (1 + abs(float(parameters.alpha))) ** 5
    np.testing.assert_allclose(
        flat(gradient), dense_circuit.differences(exact, at, 1e-3), rtol=0, atol=tolerance + truncation
    )


@pytest.mark.parametrize(("layers", "wires", "rows"), SHARED_SIZES)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_all_modes_agree_to_rounding(layers: int, wires: int, rows: int, seed: int) -> None:
    requires("lightning.qubit")
    parameters, angles, labels, row_weights = drawn(seed, layers, wires, rows)
    gradients = []
    for name, device in MODES:
        mode = get_mode(name, device, layers=layers, wires=wires, dtype="float64")
        gradients.append(flat(mode.gradient(parameters, angles, labels, row_weights)[1]))
    spread = np.ptp(gradients, axis=0).max()
    assert spread <= rounding("float64", parameters, angles)


#: Angles at which a wire's Bloch vector lies on a pole, or so near it that an angle about the pole's axis means little.
POLAR = st.sampled_from([0.0, np.pi, -np.pi, np.pi / 2, 1e-9, np.pi - 1e-9, 0.125, 0.1, np.pi - 0.125, 2.0])


@pytest.mark.parametrize("name", ["native", "fused"])
@settings(max_examples=15)
@given(data=st.data())
def test_gradients_are_right_where_a_wire_points_to_a_pole(name: str, data: st.DataObject) -> None:
    device = dict(MODES)[name]
    requires(device)
    layers, wires, rows = 2, 3, 5
    mode = get_mode(name, device, layers=layers, wires=wires, dtype="float64")

    def polar(*shape: int) -> Array:
        return np.array(data.draw(st.lists(POLAR, min_size=math.prod(shape), max_size=math.prod(shape)))).reshape(shape)

    weights, angles = np.asarray(drawn(11, layers, wires, rows)[0].weights), polar(rows, wires)
    weights[0] = polar(wires, 3)
    numbers: list[Any] = [weights, 0.1, 2.0]
    parameters, labels = Parameters(*numbers), np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    loss, gradient = mode.gradient(parameters, angles, labels)

    def exact(at: Array) -> float:
        return dense_circuit.loss(at, (layers, wires, 3), angles, labels, np.ones(rows))

    tolerance = rounding("float64", parameters, angles)
    np.testing.assert_allclose(loss, exact(flat(parameters)), rtol=0, atol=tolerance)
    differences = dense_circuit.differences(exact, flat(parameters), 1e-3)
    np.testing.assert_allclose(flat(gradient), differences, rtol=0, atol=tolerance + 1e-10 * 3**5)


@pytest.mark.parametrize(("name", "device"), [*MODES])
def test_rows_of_weight_zero_change_nothing(name: str, device: str) -> None:
    requires(device)
    mode = get_mode(name, device, layers=2, wires=3, dtype="float64")
    parameters, angles, labels, _ = drawn(0, 2, 3, 5)
    weights = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
    loss, gradient = mode.gradient(parameters, angles, labels, weights)
    angles[3:], labels[3:] = 0.7, 1.0
    other_loss, other = mode.gradient(parameters, angles, labels, weights)
    assert loss == other_loss
    assert np.array_equal(flat(gradient), flat(other))


@pytest.mark.parametrize(
    ("name", "device", "optimiser_name"),
    # vmap, map and fused share one scan; native traces optax by itself.
    [(*mode, "adam") for mode in MODES]
    + [(*mode, other) for mode in MODES[2:] for other in OPTIMISERS if other != "adam"],
)
def test_an_epoch_is_optax_applied_to_each_batch_in_turn(name: str, device: str, optimiser_name: str) -> None:
    """The oracle calls optax in a Python loop, outside any compiled epoch; its losses are the dense statevector's."""
    requires(device)
    layers, wires, rows, batch = 2, 2, 8, 3
    mode = get_mode(name, device, layers=layers, wires=wires, dtype="float64")
    parameters, angles, labels, _ = drawn(1, layers, wires, rows)
    with wide_types():
        transform = optimiser(optimiser_name, 0.05)
        start = Parameters(*(jax.numpy.asarray(leaf, "float64") for leaf in parameters))
        order, weights = epoch_order(jax.random.key(3), rows, batch, "float64")
        state, step_losses = mode.epoch(transform)(
            State(start, transform.init(start)),
            jax.numpy.asarray(angles),
            jax.numpy.asarray(labels),
            order,
            weights,
        )

        def loss(at: Array, chosen: Array, chosen_weights: Array) -> float:
            return dense_circuit.loss(at, (layers, wires, 3), angles[chosen], labels[chosen], chosen_weights)

        # Adam amplifies an error of the gradient where an entry vanishes by symmetry, so the loop takes each batch's
        # gradient from the mode, which the test above holds against finite differences.
        at = Parameters(*(jax.numpy.asarray(leaf, "float64") for leaf in parameters))
        inner = transform.init(at)
        for step, (chosen, chosen_weights) in enumerate(zip(np.asarray(order), np.asarray(weights), strict=True)):
            assert abs(float(step_losses[step]) - loss(flat(at), chosen, chosen_weights)) < 1e-9
            _, gradient = mode.gradient(at, angles[chosen], labels[chosen], chosen_weights)
            updates, inner = transform.update(gradient, inner, at)
            at = optax.apply_updates(at, updates)
    assert step_losses.shape == (3,)
    # The first weight of each layer's RZ on an unentangled wire has no influence; Adam turns its gradient, which is
    # rounding noise, into a step. All others agree to rounding.
    moved = np.abs(flat(gradient)) > 1e-9
    np.testing.assert_allclose(flat(state.parameters)[moved], flat(at)[moved], rtol=0, atol=1e-9)
    assert moved.sum() >= 8


@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (7, 3), (12, 4), (3, 8)])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_an_epoch_has_every_row_once_in_batches_of_one_shape(rows: int, batch: int, seed: int) -> None:
    with wide_types():
        order, weights = map(np.asarray, epoch_order(jax.random.key(seed), rows, batch, "float32"))
    assert order.shape == weights.shape == (-(-rows // batch), batch)
    assert order.dtype == np.int64
    assert sorted(order[weights == 1]) == list(range(rows))
    assert set(np.unique(weights)) <= {0.0, 1.0}


def test_the_loss_is_stable_for_logits_of_any_size() -> None:
    logits = np.array([-1e4, -1e4, 1e4, 1e4, 0.0, 50.0])
    labels = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    exact = [0.0, 1e4, 1e4, 0.0, np.log(2.0), np.log1p(np.exp(-50.0))]
    slopes = [0.0, -1.0, 1.0, 0.0, -0.5, -np.exp(-50.0)]
    with wide_types():
        for dtype in ("float32", "float64"):
            eps = float(np.finfo(dtype).eps)
            for logit, label, value, slope in zip(logits, labels, exact, slopes, strict=True):
                one = np.ones(1, dtype)
                got, gradient = jax.value_and_grad(lambda x, label=label, one=one: mean_loss(x, one * label, one))(
                    one * np.dtype(dtype).type(logit)
                )
                np.testing.assert_allclose(got, value, rtol=4 * eps, atol=0)
                np.testing.assert_allclose(gradient[0], slope, rtol=4 * eps, atol=eps)
