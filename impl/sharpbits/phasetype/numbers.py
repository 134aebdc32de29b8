"""The numbers that evaluations are given: one floating-point type for all of them, nothing rounded silently."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpbits.errors import UsageError

_config: Any = jax.config  # has no types


def is_known(*numbers: Any) -> bool:
    """Return whether numbers have values, not only shapes: outside of JAX's transformations."""
    return not any(isinstance(one, jax.core.Tracer) for one in jax.tree.leaves(numbers))


def same_type(what: str, **numbers: Any) -> list[jax.Array]:
    """Return arrays of one type: float32 or float64, as the arrays among them are.

    Integers, and numbers and lists of Python's own, take the type of the others; where there is no other, float64.

    Parameters
    ----------
    what
        Cannot be done with numbers of another type.

    Raises
    ------
    UsageError
        Float arrays differ in type, or are neither, or are float64 where JAX would round them to float32.
    """
    arrays = {name: one if hasattr(one, "dtype") else _array(what, name, one) for name, one in numbers.items()}
    types = {
        name: np.dtype(one.dtype)
        for name, one in arrays.items()
        if hasattr(numbers[name], "dtype") and np.dtype(one.dtype).kind not in "iub"
    }
    context = {name: str(one.dtype) for name, one in arrays.items()}
    wanted = next(iter(types.values()), np.dtype(np.float64))
    if set(types.values()) - {wanted} or wanted not in (np.float32, np.float64):
        raise UsageError(
            what,
            why=f"{', '.join(numbers)} must be all float32 or all float64",
            resolution="convert them to one of the two types; nothing is converted silently",
            **context,
        )
    if wanted == np.float64 and not _config.jax_enable_x64:
        raise UsageError(
            what,
            why="JAX would silently round float64 to float32, because its 64-bit types are off",
            resolution='jax.config.update("jax_enable_x64", True), or give float32 arrays',
            **context,
        )
    return [jnp.asarray(one, wanted) for one in arrays.values()]


def _array(what: str, name: str, numbers: Any) -> Any:
    try:
        return np.asarray(jax.tree.map(float, numbers)) if is_known(numbers) else jnp.asarray(numbers)
    except (TypeError, ValueError) as error:
        raise UsageError(
            what, why=f"{name} is no array of numbers", resolution=f"give {name} as an array of floats"
        ) from error
