"""What the package offers before any part of it is imported: its version, its help, and nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import sharpbits


def python(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_version_is_that_of_the_distribution() -> None:
    assert sharpbits.__version__ == version("sharpbits")
    assert python("-m", "sharpbits.cli", "--version") == f"sharpbits {version('sharpbits')}\n"


def test_help_has_two_names_everywhere() -> None:
    for command in ([], ["check"], ["stack"], ["stack", "list"], ["train"], ["phasetype"], ["phasetype", "fit"]):
        assert python("-m", "sharpbits.cli", *command, "-h") == python("-m", "sharpbits.cli", *command, "--help")


def test_all_names_what_there_is() -> None:
    assert [name for name in sharpbits.__all__ if getattr(sharpbits, name, None) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = sharpbits.nonsense


@pytest.mark.parametrize("package", ["sharpbits", "sharpbits.cli"])
def test_importing_costs_next_to_nothing(package: str) -> None:
    heavy = ("importlib.metadata", "jax", "numpy", "pydantic", "rich", "scipy", "sklearn", "torch")
    loaded = python(
        "-c", f"import sys; before = set(sys.modules); import {package}; print(*(set(sys.modules) - before))"
    )
    assert [name for name in heavy if name in loaded.split()] == []
