"""Abuse of ten thousand kinds runs when it is asked for: ``pytest conformance/abuse -m nightly``."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("nightly") is not None:
            item.add_marker(pytest.mark.skip(reason="takes minutes: pytest conformance/abuse -m nightly"))
