"""JAX's 64-bit types for as long as a block lasts: what evaluations need, whatever the process has chosen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

_jax: Any = jax  # parts of it have no types


@contextmanager
def wide_types() -> Iterator[None]:
    """Let JAX have 64-bit types for as long as the block lasts."""
    if hasattr(_jax, "enable_x64"):
        with _jax.enable_x64(True):
            yield
        return
    # Before jax 0.8.
    from jax.experimental import enable_x64

    with enable_x64():
        yield
