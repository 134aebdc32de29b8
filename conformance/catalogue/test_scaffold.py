"""``sharpbits new``: what it writes is a finding that runs; nothing that is there is overwritten."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import environment
from sharpbits.catalogue import Verdict, load_finding, run_finding
from sharpbits.catalogue.scaffold import scaffold
from sharpbits.errors import UsageError

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_what_is_written_is_a_finding_that_runs(tmp_path: Path) -> None:
    finding = load_finding(scaffold("numpy/mean_of_nothing", tmp_path))
    assert finding.id == "numpy/mean_of_nothing"
    assert run_finding(finding, environment(packages={"numpy": "2.0.0"})).verdict is Verdict.CLEAR


@pytest.mark.parametrize(("component", "package"), [("catalyst", "pennylane-catalyst"), ("jax", "jax")])
def test_it_depends_on_the_package_of_its_component(tmp_path: Path, component: str, package: str) -> None:
    finding = load_finding(scaffold(f"{component}/x", tmp_path))
    assert [need.name for need in finding.dependencies] == [package, "numpy"]


def test_what_must_come_without_its_dependencies_is_none_of_the_file_s(tmp_path: Path) -> None:
    finding = load_finding(scaffold("phasic/x", tmp_path))
    assert [need.name for need in finding.table.without_dependencies] == ["phasic"]
    assert {"jax", "numpy"} <= {need.name for need in finding.dependencies}
    assert "phasic" not in {need.name for need in finding.dependencies}


@pytest.mark.parametrize(
    "name",
    [
        "jax",
        "jax/",
        "/x",
        "jax/X",
        "jax/../x",
        "jax/a/b",
        "jax/a-b",
        "jax/_x",
        "jax/conftest",
        "jax/" + "x" * 300,
        "x" * 300 + "/x",
    ],
    ids=lambda name: name[:20],
)
def test_a_name_that_no_finding_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not written"):
        scaffold(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_finding_that_is_there_is_left_alone(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    folder.mkdir()
    assert sharpbits("new", "jax/x", "--findings", folder).returncode == 0
    file = folder / "jax" / "x.py"
    file.write_text("mine")
    again = sharpbits("new", "jax/x", "--findings", folder)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert file.read_text() == "mine"
    assert "not a folder" in sharpbits("new", "jax/x", "--findings", tmp_path / "absent").stderr
