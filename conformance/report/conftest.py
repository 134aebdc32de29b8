"""Fixtures of the reports' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.toys import write_finding
from report.toy_runs import Run, varied_run
from sharpbits.catalogue import Finding, load_finding


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "findings"


@pytest.fixture
def varied(folder: Path) -> Run:
    return varied_run(folder)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    return load_finding(write_finding(tmp_path_factory.mktemp("findings"), "example"))
