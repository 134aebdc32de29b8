"""Every test here computes in float64: without JAX's 64-bit types evaluations refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import pytest

_jax: Any = jax  # parts of it have no types


@pytest.fixture(autouse=True)
def _wide_types() -> Iterator[None]:
    if _jax.config.jax_enable_x64:
        yield
        return
    if hasattr(jax, "enable_x64"):
        with _jax.enable_x64(True):
            yield
        return
    from jax.experimental import enable_x64

    with enable_x64():
        yield
