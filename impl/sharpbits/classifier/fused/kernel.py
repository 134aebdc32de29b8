"""The compiled kernel behind JAX's foreign function interface: CPUs only.

It is a plain shared library without a dependency on Python, loaded when it is first used. The batch is split over XLA's
own threads, a block of rows at a time; each block writes to places of its own, so the bits of the result do not depend
on how many threads there are. They do depend on the processor's instruction set (AVX-512, AVX2 with FMA, or neither).
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from sharpbits.errors import SharpbitsError

#: What a foreign call takes as it is.
Array = jax.Array | npt.NDArray[Any]

_jax: Any = jax  # parts of it have no types

_LIBRARY = "libsharpbits_fused"
_TARGETS = tuple(
    f"sharpbits_fused_{what}_{bits}" for what in ("value", "value_and_jacobian") for bits in ("f32", "f64")
)

#: The oldest release whose interface has what the kernel calls.
_OLDEST_JAX = (0, 6, 0)

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
    if jax.__version_info__ < _OLDEST_JAX:
        raise SharpbitsError(
            "the compiled kernel cannot be used",
            why="it needs parts of XLA's foreign function interface that this version of JAX does not have",
            resolution="install jax 0.6 or newer, or use implementation='portable'",
            jax=jax.__version__,
        )
    library = ctypes.CDLL(str(_find()))
    for name in _TARGETS:
        _jax.ffi.register_ffi_target(name, _jax.ffi.pycapsule(getattr(library, name)), platform="cpu")


def _find() -> Path:
    """Return the library's file: beside this one, or where an editable install keeps what it compiled."""
    from sharpbits.classifier import fused

    for folder in fused.__path__:
        for found in Path(folder).glob(f"{_LIBRARY}.*"):
            return found
    raise SharpbitsError(
        "the compiled kernel cannot be loaded",
        why=f"{_LIBRARY} is in none of the package's folders: it was not compiled when sharpbits was installed",
        resolution="install sharpbits with pip, which needs a C++ compiler, or use implementation='portable'",
        folders=list(fused.__path__),
    )


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
