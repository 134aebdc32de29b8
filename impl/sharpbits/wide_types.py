"""JAX's 64-bit types for as long as a block lasts: what a computation needs, whatever the process has chosen."""

from __future__ import annotations

import contextlib
from typing import Any

import jax


def wide_types() -> contextlib.AbstractContextManager[Any]:
    """Switch JAX's 64-bit types on for a ``with`` block, whatever the program around it uses."""
    if hasattr(jax, "enable_x64"):
        return contextlib.nullcontext() if jax.config.jax_enable_x64 else jax.enable_x64(True)  # type: ignore[attr-defined]
    # Before jax 0.8.
    from jax.experimental import enable_x64

    return enable_x64()
