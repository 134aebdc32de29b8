"""Fixtures: an index with a history, and the command line with caches of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogue.toys import private_cache
from timetravel.local_index import LocalIndex, serving

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def index() -> Iterator[LocalIndex]:
    """A year of three packages. From ``solver`` 1.3 on (June) the gradient is wrong; 1.5 breaks at import.

    ``frontend`` needs a solver of its day, so the two move together in June; ``logger`` moves on its own.
    """
    index = LocalIndex()
    good, bad = "def gradient(x): return 2 * x", "def gradient(x): return 2.5 * x"
    for month, minor in enumerate(range(8), start=1):
        source = "import no_such_module" if minor == 5 else good if minor < 3 else bad
        index.add(
            "solver", f"1.{minor}", f"2025-{2 * month - 1 if month < 7 else 12:02}-{10 + minor}T12:00:00Z", source
        )
    for month in range(1, 13):
        needs = ("solver>=1.2,<2",) if month >= 6 else ("solver<2",)
        index.add("frontend", f"0.{month}", f"2025-{month:02}-05T09:00:00Z", "from solver import gradient", needs)
        index.add("logger", f"3.{month}", f"2025-{month:02}-20T09:00:00Z")
    index.add("frontend", "1.0.dev1", "2025-12-24T09:00:00Z", "from solver import gradient", ("solver<2",))
    with serving(index):
        yield index


@pytest.fixture
def sharpbits(tmp_path: Path, index: LocalIndex) -> Run:
    """Run the command line against that index, with private caches (uv's own is the user's: it knows no such host)."""

    def run(*arguments: str | Path, seconds: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sharpbits.cli", *map(str, arguments)],
            env=environment(tmp_path, index) | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    return run


def environment(folder: Path, index: LocalIndex) -> dict[str, str]:
    """Return the variables of a run with caches in a folder."""
    return {
        **os.environ,
        "COLUMNS": "200",
        **private_cache(folder),
        "UV_CACHE_DIR": str(folder / "uv"),
        "UV_DEFAULT_INDEX": f"{index.url}/simple/",
        "UV_INDEX": "",
        "UV_PYTHON_DOWNLOADS": "never",
    }
