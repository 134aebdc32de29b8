"""What the kernel promises beyond the numbers: layouts, threads, transformations of JAX, refusals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpbits.classifier.fused import expectation, kernel, portable
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.wide_types import wide_types

Array = npt.NDArray[Any]
DType = type[np.float32] | type[np.float64]

DTYPES = (np.float32, np.float64)


@pytest.fixture(autouse=True)
def _wide_types() -> Iterator[None]:
    with wide_types():
        yield


def draw(layers: int, wires: int, rows: int, dtype: DType = np.float64, seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng([seed, layers, wires, rows])
    weights = generator.uniform(-7, 7, (layers, wires, 3)).astype(dtype)
    return weights, generator.uniform(-7, 7, (rows, wires)).astype(dtype)


def assert_same_bits(ours: Any, theirs: Any) -> None:
    for own, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_array_equal(np.asarray(own), np.asarray(other))


def assert_close(ours: Any, theirs: Any, dtype: DType, gates: int) -> None:
    """Each gate rounds a handful of times; every result is of order 1."""
    for own, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(
            np.asarray(own), np.asarray(other), rtol=0, atol=8 * (gates + 4) * float(np.finfo(dtype).eps)
        )


@given(
    layers=st.integers(0, 3),
    wires=st.integers(1, 8),
    rows=st.integers(1, 19),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40)
def test_rows_in_vector_lanes_and_one_row_at_a_time_are_the_same_to_rounding(
    layers: int, wires: int, rows: int, dtype: DType, seed: int
) -> None:
    arguments = draw(layers, wires, rows, dtype, seed)
    wide = kernel.value_and_jacobian(*arguments, layout="wide")
    narrow = kernel.value_and_jacobian(*arguments, layout="narrow")
    assert_close(wide, narrow, dtype, layers * wires * 3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["wide", "narrow"])
def test_the_bits_do_not_depend_on_the_number_of_threads(layout: str, dtype: DType) -> None:
    arguments = draw(3, 9, 101, dtype)  # enough work for every helper that is offered
    one = kernel.value_and_jacobian(*arguments, threads=1, layout=layout)
    for threads in (0, 2, 3, 8):
        for _ in range(5):
            assert_same_bits(kernel.value_and_jacobian(*arguments, threads=threads, layout=layout), one)


def test_the_bits_of_a_gradient_do_not_depend_on_how_many_cores_the_process_has() -> None:
    program = """
import os, sys
if sys.argv[1] == "one": os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
from sharpbits.classifier.fused import expectation
weights, angles = np.linspace(-3, 4, 72).reshape(3, 8, 3), np.sin(np.arange(8000.)).reshape(1000, 8)
loss = lambda weights: (expectation(weights, angles) ** 2).mean()
print(np.asarray(jax.jit(jax.grad(loss))(weights)).tobytes().hex())
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", program, cores], stdout=subprocess.PIPE, text=True)
        for cores in ("one", "all")
    ]
    printed = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert printed[0] == printed[1]


@pytest.mark.parametrize("rows", [2, 3, 7, 8, 9, 17, 33])
@pytest.mark.parametrize("dtype", DTYPES)
def test_permuting_the_rows_permutes_the_results(rows: int, dtype: DType) -> None:
    weights, angles = draw(2, 5, rows, dtype)
    order = np.random.default_rng(0).permutation(rows)
    shuffled = kernel.value_and_jacobian(weights, angles[order])
    assert_same_bits(shuffled, [result[order] for result in kernel.value_and_jacobian(weights, angles)])


def test_a_larger_block_of_rows_does_not_change_a_row() -> None:
    weights, angles = draw(2, 6, 40)
    assert_same_bits(
        kernel.value_and_jacobian(weights, angles[:24]), [r[:24] for r in kernel.value_and_jacobian(weights, angles)]
    )


@pytest.mark.parametrize("implementation", ["kernel", "portable"])
def test_no_rows_give_no_values_and_no_gradient(implementation: str) -> None:
    weights, angles = draw(2, 3, 0)
    value, gradient = jax.value_and_grad(lambda w: jnp.sum(expectation(w, angles, implementation=implementation)))(
        weights
    )
    assert value == 0
    assert_same_bits(gradient, np.zeros_like(weights))


@pytest.mark.parametrize("dtype", DTYPES)
def test_jit_changes_nothing(dtype: DType) -> None:
    weights, angles = draw(2, 4, 5, dtype)

    def loss(weights: jax.Array, angles: jax.Array) -> jax.Array:
        return jnp.sum(expectation(weights, angles) ** 2)

    gradient = jax.value_and_grad(loss, argnums=(0, 1))
    assert_close(jax.jit(gradient)(weights, angles), gradient(weights, angles), dtype, 24)
    assert_same_bits(jax.jit(expectation)(weights, angles), expectation(weights, angles))


def test_the_gradient_is_linear_in_the_cotangent() -> None:
    weights, angles = draw(2, 4, 6)
    _, pull_back = jax.vjp(expectation, weights, angles)
    one, other = np.random.default_rng(1).normal(size=(2, 6))
    combined = pull_back(2 * one - 3 * other)
    apart = [2 * a - 3 * b for a, b in zip(pull_back(one), pull_back(other), strict=True)]
    assert_close(combined, apart, np.float64, 50)


MAPPINGS = {"weights": (0, None), "angles": (None, 0), "both": (0, 0), "both, along other axes": (2, 1)}


@pytest.mark.parametrize(
    ("mapped", "implementation"), [*((mapped, "kernel") for mapped in MAPPINGS), ("both", "portable")]
)
def test_vmap_is_a_loop_over_models(mapped: str, implementation: str) -> None:
    axes = MAPPINGS[mapped]
    weights, angles = (np.stack(parts) for parts in zip(*(draw(2, 3, 5, seed=seed) for seed in range(4)), strict=True))
    arguments = [
        array[0] if axis is None else np.moveaxis(array, 0, axis)
        for array, axis in zip((weights, angles), axes, strict=True)
    ]

    def gradient(weights: Any, angles: Any) -> Any:
        total = lambda w, x: jnp.sum(jnp.sin(expectation(w, x, implementation=implementation)))  # noqa: E731
        return jax.value_and_grad(total, argnums=(0, 1))(weights, angles)

    together = jax.vmap(gradient, in_axes=axes)(*arguments)
    for model in range(4):
        alone = gradient(*(a[0] if axis is None else a[model] for a, axis in zip((weights, angles), axes, strict=True)))
        assert_close([leaf[model] for leaf in jax.tree.leaves(together)], alone, np.float64, 18)


def test_vmap_of_vmap_pairs_every_model_with_every_batch() -> None:
    weights = np.stack([draw(2, 3, 5, seed=seed)[0] for seed in range(3)])
    angles = np.stack([draw(2, 3, 5, seed=seed)[1] for seed in range(2)])
    every_pair = jax.vmap(jax.vmap(expectation, in_axes=(None, 0)), in_axes=(0, None))(weights, angles)
    assert every_pair.shape == (3, 2, 5)
    for model in range(3):
        for batch in range(2):
            assert_close(every_pair[model, batch], expectation(weights[model], angles[batch]), np.float64, 18)


def test_vmap_over_single_rows_is_one_batch() -> None:
    weights, angles = draw(2, 5, 21)
    singly = jax.vmap(lambda row: expectation(weights, row[None])[0])(angles)
    assert_same_bits(singly, expectation(weights, angles))


@pytest.mark.parametrize("where", [(0, 0, 0), (0, 2, 1), (1, 0, 1), (1, 1, 0), (1, 2, 2)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("implementation", ["kernel", "portable"])
def test_a_weight_that_is_not_finite_spoils_every_value(
    where: tuple[int, int, int], bad: float, implementation: str
) -> None:
    weights, angles = draw(2, 3, 3)
    weights[where] = bad
    assert np.isnan(expectation(weights, angles, implementation=implementation)).all()


@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize("implementation", ["kernel", "portable"])
def test_an_angle_that_is_not_finite_spoils_its_row_only(layers: int, implementation: str) -> None:
    weights, angles = draw(layers, 3, 10)
    angles[4, 2] = np.nan
    value, by_angles = jax.value_and_grad(
        lambda x: jnp.sum(expectation(weights, x, implementation=implementation)[np.arange(10) != 4])
    )(angles)
    assert np.isfinite(value)
    assert np.isnan(expectation(weights, angles, implementation=implementation)[4])
    assert np.isfinite(np.asarray(by_angles)[np.arange(10) != 4]).all()


REFUSALS = {
    "types that differ": (np.zeros((1, 2, 3), np.float32), np.zeros((1, 2), np.float64)),
    "integers": (np.zeros((1, 2, 3), int), np.zeros((1, 2), int)),
    "half precision": (np.zeros((1, 2, 3), np.float16), np.zeros((1, 2), np.float16)),
    "one row without its axis": (np.zeros((1, 2, 3)), np.zeros(2)),
    "another number of wires": (np.zeros((1, 2, 3)), np.zeros((1, 3))),
    "two angles a wire": (np.zeros((1, 2, 2)), np.zeros((1, 2))),
    "no wires": (np.zeros((1, 0, 3)), np.zeros((1, 0))),
    "25 wires": (np.zeros((1, 25, 3)), np.zeros((1, 25))),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refuses(case: str) -> None:
    with pytest.raises(SharpbitsError, match="the circuit cannot be evaluated") as refusal:
        expectation(*REFUSALS[case])
    assert "weights=" in str(refusal.value)


def test_refuses_an_unknown_implementation() -> None:
    with pytest.raises(UsageError, match="no such implementation"):
        expectation(*draw(1, 2, 1), implementation="gpu")


def test_refuses_float64_where_jax_would_round_it() -> None:
    narrow_types = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
    with narrow_types(False), pytest.raises(UsageError, match="silently round"):
        expectation(*draw(1, 2, 1))


def test_a_library_that_was_not_compiled_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from sharpbits.classifier import fused

    monkeypatch.setattr(fused, "__path__", [])
    with pytest.raises(SharpbitsError, match="C\\+\\+ compiler"):
        kernel.load.__wrapped__()


def test_the_two_implementations_are_the_same_to_rounding_on_more_wires() -> None:
    """Nine wires are more than one merged rotation, three layers have one in the middle."""
    arguments = draw(3, 9, 3)
    ours, theirs = kernel.value_and_jacobian(*arguments), portable.value_and_jacobian(*arguments)
    assert_close(ours, theirs, np.float64, 81)
