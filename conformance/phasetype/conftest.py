"""Every test here computes in float64: without JAX's 64-bit types evaluations refuse it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sharpbits.wide_types import wide_types


@pytest.fixture(autouse=True)
def _wide_types() -> Iterator[None]:
    with wide_types():
        yield
