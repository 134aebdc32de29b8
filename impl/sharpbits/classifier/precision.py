"""Which floating-point type is computed in, and the one integer type of every index.

The arrays decide: float32 arrays are computed in single precision. JAX's 64-bit types are switched on around every
computation and nowhere else, because a QNode does not compile without them (finding ``catalyst/x64_off_qnode``).
"""

from __future__ import annotations

import contextlib
from typing import Any

import jax
import numpy as np

from sharpbits.errors import UsageError

#: Row numbers, batch numbers and permutations are all of this type.
INDEX = np.int64

PRECISIONS = ("float32", "float64")


def precision(name: str) -> np.dtype[Any]:
    """Return the NumPy type called ``float32`` or ``float64``.

    Raises
    ------
    UsageError
        Any other name.

    >>> precision("float32")
    dtype('float32')
    """
    if name not in PRECISIONS:
        raise UsageError(
            "no such precision", why=f"{name!r} is none of {', '.join(PRECISIONS)}", resolution="name one of them"
        )
    return np.dtype(name)


def wide_types() -> contextlib.AbstractContextManager[Any]:
    """Switch JAX's 64-bit types on for a ``with`` block, whatever the program around it uses."""
    if hasattr(jax, "enable_x64"):
        return contextlib.nullcontext() if jax.config.jax_enable_x64 else jax.enable_x64(True)  # type: ignore[attr-defined]
    from jax.experimental import enable_x64

    return enable_x64()
