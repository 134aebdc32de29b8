"""Settings of the whole suite: the same examples on every run, pytest's own fixture for plugins, the nightly tests."""

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# Derandomised: the same result in any order, on any worker, on any day.
settings.register_profile("sharpbits", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("sharpbits")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in words, what takes too long for every run."""
    if config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("nightly") is not None:
            item.add_marker(pytest.mark.skip(reason="takes minutes: pytest -m nightly"))
