"""Which floating-point type is computed in, and the one integer type of every index.

The arrays decide: float32 arrays are computed in single precision. JAX's 64-bit types are switched on around every
computation (:mod:`sharpbits.wide_types`) and nowhere else, because a QNode does not compile without them (finding
``catalyst/x64_off_qnode``).
"""

from __future__ import annotations

from typing import Any

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
