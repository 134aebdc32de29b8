"""The expectation value ``<Z0>`` of a batch of rows and its derivatives: one forward pass, one sweep back.

The cotangent of each row's value is one number, so the sweep back does not have to wait for it: a differentiated call
computes every row's value and derivatives at once, and pulling a cotangent back is a product of a vector and a small
matrix. Nothing but that matrix is kept from the forward pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpbits.classifier.fused import portable
from sharpbits.errors import SharpbitsError, UsageError

_config: Any = jax.config  # has no types

#: ``kernel``: compiled C++, on CPUs. ``portable``: ``jax.numpy``, anywhere. ``auto``: the kernel where the
#: computation is placed on a CPU, ``jax.numpy`` on any other platform, decided by JAX when it compiles.
IMPLEMENTATIONS = ("auto", "kernel", "portable")

#: 2**24 amplitudes in float64 with three states take 0.8 GiB for each thread.
MOST_WIRES = 24


def expectation(weights: Any, angles: Any, *, implementation: str = "auto") -> jax.Array:
    """Return ``<Z0>`` of every row, differentiable in reverse mode by both arguments.

    Method: statevector; adjoint differentiation (Jones and Gacon 2020, arXiv:2009.02823) with the rotations of each
    layer merged (``impl/native/classifier/circuit.hpp``). Cost: of order ``layers * wires * 2**wires`` a row, for the
    value and for all derivatives alike. Works under ``jit``, ``vmap`` (of either argument or both) and ``grad``.

    Parameters
    ----------
    weights
        Radians, ``[layers, wires, 3]``, float32 or float64: RZ, RY, RZ in circuit order.
    angles
        Radians, ``[rows, wires]``, of the same type: the features, encoded by RY.
    implementation
        ``auto``, ``kernel`` or ``portable``; see :data:`IMPLEMENTATIONS`.

    Returns
    -------
    jax.Array
        ``[rows]``, of the same type. NaN where an angle of the row is not finite; everywhere where a weight is not.

    Raises
    ------
    UsageError
        A shape or type is not as said, there are no wires or more than 24, or no such implementation.
    SharpbitsError
        The kernel is asked for and cannot be loaded.
    """
    if implementation not in IMPLEMENTATIONS:
        raise UsageError(
            "no such implementation",
            why=f"{implementation!r} is none of {', '.join(IMPLEMENTATIONS)}",
            resolution="name one of them",
        )
    _check(weights, angles)
    if implementation != "portable":
        from sharpbits.classifier.fused.kernel import load

        load()
    return _expectation(implementation, jnp.asarray(weights), jnp.asarray(angles))


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _expectation(implementation: str, weights: jax.Array, angles: jax.Array) -> jax.Array:
    value: jax.Array = _by_platform(implementation, "value", weights, angles)
    return value


def _forward(
    implementation: str, weights: jax.Array, angles: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    value, by_weights, by_angles = _by_platform(implementation, "value_and_jacobian", weights, angles)
    return value, (by_weights, by_angles)


def _backward(
    implementation: str, jacobian: tuple[jax.Array, jax.Array], cotangent: jax.Array
) -> tuple[jax.Array, jax.Array]:
    by_weights, by_angles = jacobian
    # A plain sum in the order of the rows: the same on any number of threads.
    return jnp.sum(cotangent[:, None, None, None] * by_weights, axis=0), cotangent[:, None] * by_angles


_expectation.defvjp(_forward, _backward)


def _by_platform(implementation: str, what: str, weights: jax.Array, angles: jax.Array) -> Any:
    anywhere: Callable[..., Any] = getattr(portable, what)
    if implementation == "portable":
        return anywhere(weights, angles)
    from sharpbits.classifier.fused import kernel

    on_cpus: Callable[..., Any] = getattr(kernel, what)
    if implementation == "kernel" or _only_cpus():
        return on_cpus(weights, angles)
    return jax.lax.platform_dependent(weights, angles, cpu=on_cpus, default=anywhere)


def _only_cpus() -> bool:
    """Return whether JAX has no other platform: then the other branch need not even be traced."""
    return jax.default_backend() == "cpu" and _config.jax_platforms in (None, "", "cpu")


def _check(weights: Any, angles: Any) -> None:
    types = [np.dtype(getattr(array, "dtype", np.float64)) for array in (weights, angles)]
    shapes = [np.shape(array) for array in (weights, angles)]
    context: dict[str, Any] = {"weights": f"{types[0]}{list(shapes[0])}", "angles": f"{types[1]}{list(shapes[1])}"}
    what = "the circuit cannot be evaluated"
    if types[0] != types[1] or types[0] not in (np.float32, np.float64):
        raise UsageError(
            what,
            why="weights and angles must both be float32 or both float64",
            resolution="convert them to one of the two types; nothing is converted silently",
            **context,
        )
    if types[0] == np.float64 and not _config.jax_enable_x64:
        raise UsageError(
            what,
            why="JAX would silently round float64 to float32, because its 64-bit types are off",
            resolution='jax.config.update("jax_enable_x64", True), or give float32 arrays',
            **context,
        )
    if len(shapes[0]) != 3 or len(shapes[1]) != 2 or shapes[0][1:] != (shapes[1][1], 3):
        raise UsageError(
            what,
            why="the shapes do not fit each other",
            resolution="give weights of shape [layers, wires, 3] and angles of shape [rows, wires]",
            **context,
        )
    if not 1 <= shapes[1][1] <= MOST_WIRES:
        raise SharpbitsError(
            what,
            why=f"{shapes[1][1]} wires: a state has 2**wires amplitudes",
            resolution=f"use 1 to {MOST_WIRES} wires",
            **context,
        )
