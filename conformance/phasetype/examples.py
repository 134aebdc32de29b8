"""Properties of which every example is compiled anew: a few in every run, ten times as many each night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

few_or_many = pytest.mark.parametrize("examples", [6, pytest.param(60, marks=pytest.mark.nightly)])


def hold(examples: int, rule: Callable[..., None], *strategies: st.SearchStrategy[Any]) -> None:
    """Hold a rule for so many examples."""
    settings(max_examples=examples)(given(*strategies)(rule))()
