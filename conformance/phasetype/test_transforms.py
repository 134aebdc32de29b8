"""Every function under every transform of JAX, against values and central differences in 50 digits.

The oracle (:mod:`phasetype.exact`) is dense matrices of mpmath; moments are differences of generating functions.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phasetype import functions
from phasetype.functions import FUNCTIONS

#: Of the largest entry. The series is cut off at 1e-12; a derivative adds sums of some hundred steps of either sign.
TOLERANCE = 1e-11

Checked = Callable[[Any, str], tuple[Any, Any]]


def weighted(function: Callable[[Any], Any], x: Any) -> Any:
    """A number that depends on every entry."""
    found = function(x)
    return found @ (1 / (1 + jnp.arange(len(found), dtype=found.dtype)))


def weighted_gradients(name: str) -> Any:
    jacobian = functions.jacobians(name)
    return np.einsum("pen,e->pn", jacobian, 1 / (1 + np.arange(jacobian.shape[1])))


def _jit(function: Any, name: str) -> tuple[Any, Any]:
    return jax.jit(function)(FUNCTIONS[name].points[0]), functions.values(name)[0]


def _grad(function: Any, name: str) -> tuple[Any, Any]:
    gradient = jax.grad(functools.partial(weighted, function))
    return gradient(FUNCTIONS[name].points[0]), weighted_gradients(name)[0]


def _jacrev(function: Any, name: str) -> tuple[Any, Any]:
    return jax.jacrev(function)(FUNCTIONS[name].points[1]), functions.jacobians(name)[1]


def _vmap(function: Any, name: str) -> tuple[Any, Any]:
    return jax.vmap(function)(FUNCTIONS[name].points), functions.values(name)


def _jit_vmap_grad(function: Any, name: str) -> tuple[Any, Any]:
    gradient = jax.jit(jax.vmap(jax.grad(functools.partial(weighted, function))))
    return gradient(FUNCTIONS[name].points), weighted_gradients(name)


def _scan(function: Any, name: str) -> tuple[Any, Any]:
    """The gradient of a sum that a scan runs through."""

    def total(points: Any) -> Any:
        return jax.lax.scan(lambda sum_, x: (sum_ + weighted(function, x), None), jnp.zeros(()), points)[0]

    return jax.grad(total)(jnp.asarray(FUNCTIONS[name].points)), weighted_gradients(name)


TRANSFORMS: dict[str, Checked] = {
    "jit": _jit,
    "grad": _grad,
    "jacrev": _jacrev,
    "vmap": _vmap,
    "jit(vmap(grad))": _jit_vmap_grad,
    "scan": _scan,
}


def assert_near(found: Any, expected: Any, what: str, tolerance: float = TOLERANCE) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    error = np.abs(found - expected).max()
    assert error <= tolerance * np.abs(expected).max(), f"{what}: error {error}\n{found}\nexpected\n{expected}"


#: Of every run; the others are for the night.
FEW = ("pdf", "moments", "epochs.pdf")


def _sometimes(few: tuple[str, ...]) -> list[Any]:
    return [name if name in few else pytest.param(name, marks=pytest.mark.nightly) for name in FUNCTIONS]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_functions_gradient_over_a_batch_is_the_central_difference_of_50_digits(name: str) -> None:
    function = functools.partial(FUNCTIONS[name].ours, implementation="kernel")
    assert_near(*TRANSFORMS["jit(vmap(grad))"](function, name), f"jit(vmap(grad)) of {name}")


@pytest.mark.parametrize("name", _sometimes(FEW))
@pytest.mark.parametrize("transform", [one for one in TRANSFORMS if one != "jit(vmap(grad))"])
def test_every_transform_of_every_function_is_the_central_difference_of_50_digits(transform: str, name: str) -> None:
    function = functools.partial(FUNCTIONS[name].ours, implementation="kernel")
    assert_near(*TRANSFORMS[transform](function, name), f"{transform} of {name}")


@pytest.mark.parametrize("name", _sometimes(FEW))
def test_forward_mode_of_the_portable_form_is_the_central_difference(name: str) -> None:
    function = functools.partial(FUNCTIONS[name].ours, implementation="portable")
    found = jax.jit(jax.jacfwd(function))(FUNCTIONS[name].points[0])
    assert_near(found, functions.jacobians(name)[0], f"jacfwd of {name}")


@pytest.mark.parametrize("name", _sometimes(()))
def test_reverse_mode_of_the_portable_form_is_the_central_difference(name: str) -> None:
    function = functools.partial(FUNCTIONS[name].ours, implementation="portable")
    assert_near(*TRANSFORMS["jit(vmap(grad))"](function, name), f"jit(vmap(grad)) of {name}")


@pytest.mark.parametrize("name", _sometimes(("pdf", "moments")))
def test_the_hessian_of_the_portable_form_is_the_second_difference(name: str) -> None:
    function = functools.partial(FUNCTIONS[name].ours, implementation="portable")
    found = jax.jit(jax.hessian(lambda x: jnp.sum(function(x))))(FUNCTIONS[name].points[0])
    assert_near(found, functions.hessian(name), f"Hessian of {name}", tolerance=1e-10)


EVERY = pytest.param(tuple(FUNCTIONS), marks=pytest.mark.nightly)


@pytest.mark.parametrize("names", [FEW, EVERY], ids=["few", "all"])
def test_pmap_and_shard_map_over_four_devices_are_the_central_difference(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    """JAX counts its devices once a process, so another process has four."""
    folder = Path(__file__).parent
    path = os.pathsep.join([str(folder.parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {
        "PYTHONPATH": path,
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
    }
    run = subprocess.run(
        [sys.executable, str(folder / "on_four_devices.py"), str(tmp_path / "found.npz"), *names],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    with np.load(tmp_path / "found.npz") as found:
        for name in names:
            expected = np.concatenate([weighted_gradients(name)] * 2)
            for transform in ("pmap", "shard_map"):
                assert_near(found[f"{transform} {name}"], expected, f"{transform} of {name}")
