"""Settings of the whole suite: the same examples on every run, and pytest's own fixture for testing plugins."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# Derandomised: the same result in any order, on any worker, on any day.
settings.register_profile("sharpbits", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("sharpbits")
