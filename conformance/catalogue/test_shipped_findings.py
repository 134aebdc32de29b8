"""What every finding of the shipped catalogue keeps to; that each behaves as documented is a test of its own file."""

from __future__ import annotations

import ast
import doctest
import importlib
from itertools import combinations
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from rich.text import Text

import sharpbits
from sharpbits.catalogue import Finding, default_folder, discover
from sharpbits.catalogue.discovery import finding_files
from sharpbits.catalogue.lone import LONE
from sharpbits.catalogue.releases import known_releases
from sharpbits.catalogue.schema import ExpectationRow
from sharpbits.catalogue.staleness import stale_parts
from sharpbits.report.columns import Row, laid_out

CATALOGUE = discover([default_folder()])
EVERY = pytest.mark.parametrize("finding", CATALOGUE.findings, ids=lambda finding: finding.id)

#: The releases on which each finding about a package must have been run.
RELEASES = {
    "pennylane-catalyst": {"0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"},
    "phasic": {"0.28.6", "0.32.0", "0.32.1"},
}


def test_every_file_of_the_catalogue_is_a_valid_finding() -> None:
    assert [str(error) for error in CATALOGUE.broken] == []
    assert len(CATALOGUE.findings) == len(finding_files(default_folder())) >= 15


@EVERY
def test_a_finding_imports_upstream_packages_and_never_sharpbits(finding: Finding) -> None:
    tree = ast.parse(finding.source)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.partition(".")[0] == "sharpbits"]


@EVERY
def test_no_part_of_a_finding_is_stale(finding: Finding) -> None:
    assert stale_parts(finding, {other.id for other in CATALOGUE.findings}) == []


@EVERY
def test_expectation_rows_do_not_overlap(finding: Finding) -> None:
    for name, versions in known_releases().items():
        rows = [row for row in finding.table.expect if canonicalize_name(row.when[0].name) == name]
        for version in versions:
            applying = [row for row in rows if row.when[0].specifier.contains(version, prereleases=True)]
            for one, other in combinations(applying, 2):
                # Rows with further conditions, or about other machines, may share a range of the first package.
                further = len(one.when) > 1 and len(other.when) > 1
                assert further or exclude_each_other(one, other), (name, str(version))


def exclude_each_other(one: ExpectationRow, other: ExpectationRow) -> bool:
    """Tell whether no machine can satisfy both: one has a processor feature that the other must not have."""
    here, there = ({str(condition) for condition in row.where} for row in (one, other))
    return any(f"not {name}" in there for name in here) or any(f"not {name}" in here for name in there)


@EVERY
def test_a_finding_that_bites_says_what_to_use_instead(finding: Finding) -> None:
    if any(row.bites for row in finding.table.expect):
        assert finding.table.workaround or finding.table.instead


@EVERY
def test_a_finding_was_run_on_each_release_of_its_package_that_the_catalogue_covers(finding: Finding) -> None:
    seen = {str(version) for row in finding.table.expect for version in row.seen}
    for package in RELEASES.keys() & {need.name for need in finding.needs}:
        assert seen >= RELEASES[package]


@EVERY
def test_what_must_come_without_dependencies_is_a_dependency_of_no_finding(finding: Finding) -> None:
    """Else ``uv run FILE`` would install what its metadata requires."""
    declared = {canonicalize_name(need.name) for need in finding.dependencies}
    assert not declared & (LONE.keys() | {"mpfr", "eigen"})
    if finding.table.component in LONE:
        assert finding.table.component in {need.name for need in finding.table.without_dependencies}
        assert declared <= set(LONE[finding.table.component]), "what a stack of the component has"
        assert "pip install --no-deps" in (ast.get_docstring(ast.parse(finding.source)) or "")


def test_a_family_has_at_least_two_faces_of_one_component() -> None:
    components: dict[str, list[str]] = {}
    for finding in CATALOGUE.findings:
        if finding.table.family is not None:
            components.setdefault(finding.table.family, []).append(finding.table.component)
    assert components
    assert [family for family, all_of in components.items() if len(all_of) < 2 or len(set(all_of)) > 1] == []


@EVERY
def test_the_slug_alone_names_a_finding(finding: Finding) -> None:
    assert CATALOGUE.find(finding.path.stem) is finding, "a table of a part of the catalogue prints it"


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_every_line_of_a_table_fits_and_its_title_can_be_read(width: int) -> None:
    rows = [
        Row(Text("not applicable"), one.table.component, one.path.stem, Text("silent-fallback"), one.table.title,
            "(+10 faces)", "until 0.14.1", one.table.instead or one.table.workaround or "")
        for one in CATALOGUE.findings
    ]  # fmt: skip
    lines = [line.plain for line in laid_out(rows, width)]
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert [one.id for one in CATALOGUE.findings if one.table.title[:29] not in text] == []
    words = set(text.split())
    assert [one.id for one in CATALOGUE.findings if one.path.stem not in words] == []


@EVERY
def test_a_title_fits_a_line_of_the_table(finding: Finding) -> None:
    assert len(finding.table.title) <= 90
    assert len(finding.table.workaround or "") <= 70


MODULES = sorted(
    ".".join(path.relative_to(Path(sharpbits.__file__).parents[1]).with_suffix("").parts)
    for path in Path(sharpbits.__file__).parent.rglob("*.py")
    if path.name not in ("__init__.py", "_probe.py") and ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_docstring_hold(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0
