"""Fixtures of the catalogue's tests: findings on disk, and the command line with a cache of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue.toys import OK, command_line, private_cache, write_finding
from sharpbits.catalogue import Finding, load_finding


@pytest.fixture
def finding(tmp_path: Path) -> Callable[..., Finding]:
    """Write a finding and load it."""

    def make(body: str = OK, slug: str = "example", **table: Any) -> Finding:
        return load_finding(write_finding(tmp_path / "findings", slug, body, **table))

    return make


@pytest.fixture
def sharpbits(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own, with a result cache of its own."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_line(arguments),
            env={**os.environ, "COLUMNS": "160", **private_cache(tmp_path), **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
