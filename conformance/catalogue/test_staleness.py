"""Stale expectations: rows and pointers to what does not exist are named, existing ones are not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from packaging.version import Version

from sharpbits.catalogue import Finding
from sharpbits.catalogue.dotted import definition
from sharpbits.catalogue.releases import LIST, known_releases
from sharpbits.catalogue.staleness import stale_parts

RELEASES = {"jax": frozenset(map(Version, ["0.6.2", "0.7.0", "0.7.1", "0.8.0.dev3"]))}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"when": "jax>=0.7", "outcome": "ok", "seen": ["0.7.1"]}, None),
        ({"when": "jax>=0.8.0.dev1", "outcome": "ok", "seen": ["0.8.0.dev3"]}, None),
        ({"when": "jax>=0.7", "outcome": "ok", "seen": ["0.7.1+local"]}, None),
        ({"when": "python>=3.11", "outcome": "ok", "seen": ["3.12"]}, None),
        ({"when": "unlisted>=9", "outcome": "ok", "seen": ["9"]}, "unlisted is no package that the finding depends on"),
        ({"when": "jaxx>=0.7", "outcome": "ok", "seen": ["0.7.1"]}, "jax is, if that is meant"),
        ({"when": "jax>=0.9", "outcome": "ok", "seen": ["0.9"]}, "no release of jax satisfies >=0.9"),
        ({"when": "jax>=0.7", "outcome": "ok", "seen": ["0.7.5"]}, "jax 0.7.5 was never released"),
        ({"when": ["python>=3.11", "jax<0.6"], "outcome": "ok", "seen": ["3.11"]}, "no release of jax satisfies <0.6"),
    ],
)
def test_a_row_for_releases_that_do_not_exist_is_stale(
    finding: Callable[..., Finding], row: dict[str, object], complaint: str | None
) -> None:
    complaints = stale_parts(finding(expect=[row]), {"toy/example"}, RELEASES)
    assert bool(complaints) == bool(complaint)
    if complaint:
        assert complaint in complaints[0]


@pytest.mark.parametrize(
    ("dotted", "stale"),
    [
        ("sharpbits.errors.SharpbitsError", False),
        ("sharpbits.catalogue", False),
        ("sharpbits.phasetype.pdf", False),
        ("sharpbits.phasetype.epochs", False),
        ("sharpbits.phasetype.Graph.from_serialized", False),
        ("sharpbits.phasetype.Graph.from_nothing", True),
        ("sharpbits.phasetype.inference.svgd", False),
        ("sharpbits.errors.NoSuchError", True),
        ("sharpbits.nowhere.train", True),
        ("sharpbits.catalogue.nowhere.train", True),
    ],
)
def test_an_instead_that_does_not_import_is_stale(finding: Callable[..., Finding], dotted: str, stale: bool) -> None:
    assert bool(stale_parts(finding(instead=dotted), {"toy/example"}, RELEASES)) == stale


def test_a_function_hides_the_module_that_it_has_its_name_from() -> None:
    """As at run time; what the module has is found all the same, and so is a module that its package imports."""
    assert isinstance(definition("sharpbits.phasetype.inference.svgd"), ast.FunctionDef)
    assert isinstance(definition("sharpbits.phasetype.inference.svgd.driving_force"), ast.FunctionDef)
    assert isinstance(definition("sharpbits.phasetype.epochs"), ast.Module)


def test_a_see_that_names_no_finding_is_stale(finding: Callable[..., Finding]) -> None:
    pointing = finding(see=["toy/other"])
    assert stale_parts(pointing, {"toy/example", "toy/other"}, RELEASES) == []
    assert "toy/other" in stale_parts(pointing, {"toy/example"}, RELEASES)[0]


def test_the_shipped_list_of_releases_is_in_order_and_knows_the_pinned_stack() -> None:
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    for package, versions in listed.items():
        assert versions == sorted(versions, key=Version, reverse=True), package
    known = known_releases()
    for name, version in [("pennylane-catalyst", "0.15.0"), ("pennylane", "0.45.1"), ("jax", "0.7.1")]:
        assert Version(version) in known[name]


def test_a_modules_name_is_not_taken_for_its_package(finding: Callable[..., Finding]) -> None:
    row = {"when": "catalyst>=0.14", "outcome": "ok", "seen": ["0.14.0"]}
    (complaint,) = stale_parts(finding(expect=[row], script={"dependencies": ["pennylane-catalyst"]}), {"toy/example"})
    assert "catalyst is no package that the finding depends on; pennylane-catalyst is" in complaint


def test_looking_for_stale_parts_imports_no_implementation() -> None:
    code = (
        "import sys\n"
        "from sharpbits.catalogue import default_folder, discover\n"
        "from sharpbits.catalogue.staleness import stale_parts\n"
        "findings = discover([default_folder()]).findings\n"
        "assert [one for each in findings for one in stale_parts(each, {f.id for f in findings})] == []\n"
        "assert any(finding.table.instead for finding in findings)\n"
        "print(sorted({'jax', 'sklearn', 'torch', 'sharpbits.classifier', 'sharpbits.phasetype'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "[]"
