"""For each finding that names an implementation here: the same computation is right, held against the same oracle."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from catalogue.instead import findings_that_name, loaded, names, numbers, printed, shown
from sharpbits.catalogue import Finding
from sharpbits.catalogue.snippet import snippet
from sharpbits.classifier import mean_loss_and_gradient, values_and_gradients

catalyst = pytest.importorskip("catalyst")
jnp = pytest.importorskip("jax.numpy")

PREFIX = "sharpbits.classifier."
FINDINGS = findings_that_name(PREFIX)
#: Some hundred gates, each with a rounding error of eps on amplitudes of size at most 1: as in the findings.
TOLERANCE = 1e3 * np.finfo(np.float64).eps


def mean(value: Any) -> Any:
    """The loss of most findings is the mean of the values."""
    return value


def drawn(module: ModuleType, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The weights and rows of a finding, drawn as it draws them."""
    rng = np.random.default_rng(0)
    weights = rng.uniform(-np.pi, np.pi, (module.LAYERS, module.WIRES, 3))
    return weights, rng.uniform(-1.0, 1.0, (rows or module.BATCH, module.WIRES))


def of_the_mean(module: ModuleType) -> tuple[Any, Any]:
    weights, batch = drawn(module)
    value, gradient = catalyst.qjit(mean_loss_and_gradient(module.circuit, mean))(jnp.asarray(weights), batch)
    exact = (
        np.mean([module.exact_value(weights, x) for x in batch]),
        np.mean([module.exact_gradient(weights, x) for x in batch], axis=0),
    )
    return (value, gradient), exact


def of_the_mean_by_shifts(module: ModuleType) -> tuple[Any, Any]:
    weights, batch = drawn(module)
    result = catalyst.qjit(mean_loss_and_gradient(module.circuit, mean))(weights, batch)
    shifted = module.shifted_difference(lambda w: module.exact_loss(w, batch), weights, np.pi / 2, 0.5)
    return result, (module.exact_loss(weights, batch), shifted)


def of_a_slice(module: ModuleType) -> tuple[Any, Any]:
    weights, samples = drawn(module, 3 * module.BATCH)

    @catalyst.qjit  # type: ignore[untyped-decorator]
    def step(weights: Any, samples: Any, start: Any) -> Any:
        from jax.lax import dynamic_slice

        batch = dynamic_slice(samples, (start, 0), (module.BATCH, module.WIRES))
        return mean_loss_and_gradient(module.circuit, mean)(weights, batch)

    batch = samples[module.BATCH : 2 * module.BATCH]
    exact = (
        np.mean([module.exact_value(weights, x) for x in batch]),
        np.mean([module.exact_gradient(weights, x) for x in batch], axis=0),
    )
    return step(weights, samples, module.BATCH), exact


def of_the_cross_entropy(module: ModuleType) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    weights = rng.uniform(-np.pi, np.pi, (module.LAYERS, module.WIRES, 3))
    batch = rng.uniform(-1.0, 1.0, (module.BATCH, module.WIRES))
    labels = np.where(rng.uniform(size=module.BATCH) < 0.5, -1.0, 1.0)

    def loss(value: Any, label: Any) -> Any:
        return jnp.log1p(jnp.exp(-label * value))

    _, gradient = catalyst.qjit(mean_loss_and_gradient(module.circuit, loss))(weights, batch, labels)
    return (gradient,), (module.exact_loss_gradient(weights, batch, labels),)


def of_a_row(module: ModuleType) -> tuple[Any, Any]:
    weights, batch = drawn(module)
    values, gradients = catalyst.qjit(values_and_gradients(module.circuit))(weights, batch)
    return (values[3], gradients[3]), (
        module.exact_value(weights, batch[3]),
        module.exact_gradient(weights, batch[3]),
    )


def of_every_row(module: ModuleType) -> tuple[Any, Any]:
    weights, batch = drawn(module)
    _, gradients = catalyst.qjit(values_and_gradients(module.circuit))(weights, batch)
    return (gradients,), (np.array([module.exact_gradient(weights, x) for x in batch]),)


def of_one_qubit(module: ModuleType) -> tuple[Any, Any]:
    w, xs = 0.3, np.array([1.0, 2.0, 3.0])
    values, gradients = catalyst.qjit(values_and_gradients(module.circuit))(w, xs)
    return (np.sum(values), np.sum(gradients)), (np.sum(np.cos(w * xs)), -np.sum(xs * np.sin(w * xs)))


def of_a_square(module: ModuleType) -> tuple[Any, Any]:
    weights, x = np.linspace(0.05, 0.15, module.WEIGHTS), np.array([0.3])

    def square(value: Any) -> Any:
        return (value - 1.0) ** 2

    result = catalyst.qjit(mean_loss_and_gradient(module.circuit, square))(weights, x)
    angle = x[0] + np.sum(weights)
    slope = np.full(module.WEIGHTS, -2 * (np.cos(angle) - 1) * np.sin(angle))
    return result, ((np.cos(angle) - 1.0) ** 2, slope)


CASES: dict[str, Callable[[ModuleType], tuple[Any, Any]]] = {
    "bare_qnode_grad_in_for_loop": of_the_cross_entropy,
    "bare_qnode_grad_of_a_row": of_a_row,
    "grad_of_for_loop_in_loss": of_the_mean,
    "grad_of_indexing_closure_in_for_loop": of_the_mean,
    "grad_over_catalyst_vmap": of_the_mean,
    "grad_over_dynamic_slice": of_a_slice,
    "grad_over_lax_map": of_the_mean_by_shifts,
    "grad_over_lax_map_batch_of_three": of_the_mean,
    "grad_over_lax_map_batch_of_two": of_the_mean,
    "grad_over_lax_map_one_qubit": of_one_qubit,
    "grad_over_lax_map_parameter_shift": of_the_mean,
    "grad_over_lax_scan": of_the_mean,
    "hybrid_loss_with_data_argument": of_a_square,
    "jacobian_over_lax_map": of_every_row,
    "jax_grad_of_qjit_over_lax_map": of_the_mean,
    "value_and_grad_of_unrolled_batch": of_the_mean,
    "value_and_grad_over_dynamic_slice": of_a_slice,
    "value_and_grad_over_lax_map": of_the_mean,
}


def test_every_finding_that_names_the_classifier_has_its_pair_here() -> None:
    assert set(CASES) == set(FINDINGS)


@pytest.mark.parametrize("slug", CASES)
def test_it_bites_upstream_and_is_right_here(slug: str) -> None:
    observed, expected = CASES[slug](loaded(FINDINGS[slug].path))
    for ours, exact in zip(observed, expected, strict=True):
        np.testing.assert_allclose(np.asarray(ours), exact, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", [*names(FINDINGS), PREFIX + "QuantumClassifier"])
def test_the_snippet_that_is_shown_runs(name: str) -> None:
    source = snippet(name)
    assert source is not None
    output = printed(source)
    if name.endswith("values_and_gradients"):
        x = np.array([1.0, 2.0, 3.0])
        assert float(output) == pytest.approx(-np.sum(x * np.sin(0.3 * x)), rel=1e-12)
        assert f"{-np.sum(x * np.sin(0.3 * x)):.4f}" in source
    elif name.endswith("mean_loss_and_gradient"):
        # <Z1> after RY(x) RX(w) on both wires and a CNOT is the product of both wires' cos(w) cos(x).
        weights, labels = np.array([0.1, 0.2]), np.array([1.0, -1.0, 1.0])
        batch = np.array([[0.3, 0.4], [0.5, 0.6], [0.7, 0.8]])
        values = np.prod(np.cos(weights) * np.cos(batch), axis=1)
        slopes = 2 * (values - labels) * values
        exact = [np.mean((values - labels) ** 2), *(-np.mean(slopes) * np.tan(weights))]
        np.testing.assert_allclose(numbers(output), exact, rtol=0, atol=1e-8)
    else:
        assert float(output) > 0.85


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
def test_show_prints_the_snippet_of_what_to_use_instead(finding: Finding) -> None:
    source = snippet(finding.table.instead or "")
    assert source is not None
    assert shown(finding).endswith(f"\n{source}\n")
