"""The compiled elimination (``impl/native/phasetype``) behind JAX's foreign function interface: CPUs only."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from sharpbits.phasetype.library import load

_jax: Any = jax  # parts of it have no types

_TYPES = {"float32": "f32", "float64": "f64", "complex64": "c64", "complex128": "c128"}


def resolve(plan: Any, weights: Any, z: Any, b: Any, *, row: bool) -> Any:
    """Return ``(z - Q)⁻¹ b`` on the transient vertices and ``b`` on the others, or with ``row`` ``b (z - Q)⁻¹``.

    ``plan`` is what :func:`~sharpbits.phasetype.elimination_plan.elimination_plan` returns. All arithmetic is in
    float64.
    """
    load()
    name = f"sharpbits_phasetype_resolve_{_TYPES[str(b.dtype)]}"
    call = _jax.ffi.ffi_call(name, _jax.ShapeDtypeStruct(b.shape, b.dtype), vmap_method="expand_dims")
    return call(plan, weights, z.reshape(1), b, row=np.int64(row), threads=np.int64(0))
