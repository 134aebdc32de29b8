"""The compiled kernel behind JAX's foreign function interface: CPUs only.

The batch is split over XLA's own threads, a block of rows at a time; each block writes to places of its own, so the
bits of the result do not depend on how many threads there are. They do depend on the processor's instruction set
(AVX-512, AVX2 with FMA, or neither).
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from sharpbits import native

#: What a foreign call takes as it is.
Array = jax.Array | npt.NDArray[Any]

_jax: Any = jax  # parts of it have no types

_LIBRARY = "libsharpbits_fused"
_TARGETS = tuple(
    f"sharpbits_fused_{what}_{bits}" for what in ("value", "value_and_jacobian") for bits in ("f32", "f64")
)

#: Whether a block is several rows side by side in vector lanes, or one row; ``auto`` chooses by size. In the order of
#: the kernel's own enumeration (``impl/native/classifier/handler.cpp``).
LAYOUTS = ("auto", "wide", "narrow")


@functools.cache
def load() -> None:
    """Load the library and register its functions with JAX; done once.

    Raises
    ------
    SharpbitsError
        JAX is too old for it, or sharpbits was installed without compiling it.
    """
    from sharpbits.classifier import fused

    native.load(fused, _LIBRARY, _TARGETS)


def value(weights: Array, angles: Array, *, threads: int = 0, layout: str = "auto") -> Any:
    """Return ``<Z0>[rows]`` of ``weights[layers, wires, 3]`` and ``angles[rows, wires]``, both of one type.

    ``threads`` limits the threads (0: all of XLA's), ``layout`` is one of :data:`LAYOUTS`.
    """
    results = _jax.ShapeDtypeStruct(angles.shape[:1], angles.dtype)
    return _call("value", results, weights, angles, threads, layout)


def value_and_jacobian(weights: Array, angles: Array, *, threads: int = 0, layout: str = "auto") -> Any:
    """Return ``<Z0>[rows]`` and its derivatives ``[rows, layers, wires, 3]`` and ``[rows, wires]``."""
    rows = angles.shape[:1]
    shapes = (rows, rows + weights.shape, angles.shape)
    results = tuple(_jax.ShapeDtypeStruct(shape, angles.dtype) for shape in shapes)
    return _call("value_and_jacobian", results, weights, angles, threads, layout)


def _call(what: str, results: Any, weights: Array, angles: Array, threads: int, layout: str) -> Any:
    load()
    name = f"sharpbits_fused_{what}_{'f32' if angles.dtype == np.float32 else 'f64'}"
    # Under vmap the kernel is given the mapped axes as they are: it knows batches of models.
    call = _jax.ffi.ffi_call(name, results, vmap_method="expand_dims")
    return call(weights, angles, threads=np.int64(threads), layout=np.int64(LAYOUTS.index(layout)))
