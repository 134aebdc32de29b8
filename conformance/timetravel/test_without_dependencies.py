"""A package whose metadata names the wrong dependencies: stacks have it by itself, the index is never asked for them.

``phasic`` here is small and ours, but requires ``mpfr``, as the released one does; what that is here ends every import.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogue.toys import write_finding
from timetravel.local_index import LocalIndex, serving

Run = Callable[..., subprocess.CompletedProcess[str]]

BODY = """
import json
import seaborn
from phasic import value
print(json.dumps({"outcome": "ok" if value == 1 else "wrong-value", "observed": value, "expected": 1,
                  "error": abs(value - 1), "tolerance": 0}))
"""
BESIDE = ("jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm")


@pytest.fixture
def index() -> Iterator[LocalIndex]:
    """Four releases of phasic, wrong from 0.3 on; what they require was never meant."""
    index = LocalIndex()
    index.add("mpfr", "1.0", "2024-12-01T00:00:00Z", "raise SystemExit('an unrelated package was imported')")
    for name in BESIDE:
        index.add(name, "2.0", "2024-12-01T00:00:00Z")
    for minor in range(1, 5):
        value = f"value = {1 if minor < 3 else 2}"
        index.add("phasic", f"0.{minor}", f"2025-{2 * minor:02}-01T00:00:00Z", value, ("mpfr",))
    index.add("plotter", "1.0", "2024-12-01T00:00:00Z", "", ("phasic",))
    with serving(index):
        yield index


def write(folder: Path, *more: str) -> Path:
    write_finding(
        folder,
        "turns",
        BODY,
        component="phasic",
        script={"dependencies": ["seaborn", *more]},
        without_dependencies=["phasic"],
        expect=[
            {"when": "phasic>=0.1,<0.3", "outcome": ["ok"], "seen": ["0.1"]},
            {"when": "phasic>=0.3", "outcome": ["wrong-value"], "seen": ["0.3"]},
        ],
    )
    return folder


def asked_for_the_unrelated(index: LocalIndex) -> bool:
    return any("mpfr" in path for path in index.asked)


def test_a_bisection_builds_stacks_without_what_the_metadata_requires(
    sharpbits: Run, index: LocalIndex, tmp_path: Path
) -> None:
    findings = write(tmp_path / "findings")
    period = ["--since", "2025-02-15", "--until", "2025-09-01"]
    ended = sharpbits("bisect", "turns", "--findings", findings, *period, "--report", tmp_path / "report.md")
    assert ended.returncode == 0, ended.stderr
    assert "culprit: phasic 0.2 → 0.3" in ended.stdout
    lock = (tmp_path / "report.files" / "new.txt").read_text()
    assert "phasic==0.3" in lock
    assert "seaborn==2.0" in lock
    assert not asked_for_the_unrelated(index)


def test_a_matrix_does_too(sharpbits: Run, index: LocalIndex, tmp_path: Path) -> None:
    findings, output = write(tmp_path / "findings"), tmp_path / "matrix.json"
    ended = sharpbits("matrix", "--component", "phasic", "--findings", findings, "-o", output)
    assert ended.returncode == 0, ended.stderr
    document = json.loads(output.read_text())
    assert [column["release"] for column in document["columns"]] == ["0.1", "0.2", "0.3", "0.4"]
    (row,) = document["rows"]
    assert [cell["outcome"] for cell in row["cells"]] == ["ok", "ok", "wrong-value", "wrong-value"]
    assert not asked_for_the_unrelated(index)


def test_a_watch_does_too(sharpbits: Run, index: LocalIndex, tmp_path: Path) -> None:
    findings = write(tmp_path / "findings")
    ended = sharpbits("watch", "--component", "phasic", "--findings", findings, "--reports", tmp_path / "reports")
    assert ended.returncode == 0, ended.stderr
    lock = (tmp_path / "reports" / "stack.txt").read_text()
    assert "phasic==0.4" in lock
    assert "mpfr" not in lock
    assert not asked_for_the_unrelated(index)


def test_a_stack_has_it_by_itself_and_says_so(sharpbits: Run, index: LocalIndex) -> None:
    ended = sharpbits("stack", "--release", "phasic==0.2", "--with", "Phasic", "--with", "numpy", "--build")
    assert ended.returncode == 0, ended.stderr
    assert "phasic==0.2 without dependencies" in ended.stdout
    python = ended.stdout.splitlines()[-1]
    ran = subprocess.run([python, "-c", "import numpy, phasic, mpfr"], capture_output=True, text=True, check=False)
    assert "No module named 'mpfr'" in ran.stderr
    assert not asked_for_the_unrelated(index)


def test_what_a_finding_names_so_need_be_known_to_nobody_else(
    sharpbits: Run, index: LocalIndex, tmp_path: Path
) -> None:
    index.add("lone", "1.0", "2025-01-01T00:00:00Z", "value = 1", ("mpfr",))
    index.add("lone", "2.0", "2025-03-01T00:00:00Z", "value = 2", ("mpfr",))
    body = BODY.replace("phasic", "lone")
    folder = tmp_path / "findings"
    write_finding(folder, "turns", body, script={"dependencies": ["seaborn"]}, without_dependencies=["lone"])
    ended = sharpbits("bisect", "turns", "--findings", folder, "--since", "2025-02-01", "--until", "2025-09-01")
    assert "culprit: lone 1.0 → 2.0" in ended.stdout, ended.stderr
    assert not asked_for_the_unrelated(index)


def test_what_another_package_would_bring_with_its_dependencies_is_refused(
    sharpbits: Run, index: LocalIndex, tmp_path: Path
) -> None:
    findings = write(tmp_path / "findings", "plotter")
    ended = sharpbits("bisect", "turns", "--findings", findings, "--since", "2025-02-15", "--until", "2025-09-01")
    assert ended.returncode == 2
    assert "phasic must be installed without dependencies, and another package requires it" in ended.stderr
