"""What may import what, read off the syntax tree: nothing is run, so an import inside a function counts, too."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sharpbits

ROOT = Path(sharpbits.__file__).parent
SYSTEMS = ("classifier", "fieldops", "phasetype", "qref")
#: What knows of no system, and which every system may use.
GROUND = (
    "checks",
    "console",
    "container",
    "errors",
    "extras",
    "figures",
    "files",
    "interruption",
    "native",
    "shelf",
    "streams",
    "wide_types",
)
HEAVY = ("catalyst", "jax", "matplotlib", "pandas", "pennylane", "scipy", "sklearn", "torch", "xdsl")
#: What starts in every process, or answers before anything heavy could be of use.
LIGHT = ("catalogue", "check", "cli", "console", "errors", "extras", "files", "gpu", "plugin", "streams")

#: A named tuple's documented methods; and what pytest-benchmark has no public name for.
PUBLIC_ALL_THE_SAME = ("_asdict", "_exit", "_fields", "_make", "_replace", "_make_stats")


@dataclass(frozen=True)
class Import:
    """One name that a module imports."""

    line: int
    #: The module it comes from, in full.
    module: str
    #: The name taken from it; empty for ``import module``.
    name: str
    #: Whether it runs as soon as the module is imported.
    at_once: bool


@dataclass(frozen=True)
class Module:
    """One file, with its place in the tree."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """The part of sharpbits it belongs to; empty for the root."""
        return self.name.split(".")[1] if "." in self.name else ""

    def imports(self) -> list[Import]:
        return list(_imports(self, self.tree, at_once=True))

    def where(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


def _imports(module: Module, node: ast.AST, *, at_once: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(child.lineno, alias.name, "", at_once)
        elif isinstance(child, ast.ImportFrom):
            source = child.module or ""
            if child.level:
                inside = module.name.split(".") + ["x"] * (module.path.name == "__init__.py")
                source = ".".join([*inside[: -child.level], *source.split(".")]).rstrip(".")
            for alias in child.names:
                yield Import(child.lineno, source, alias.name, at_once)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for part in child.body:
                yield from _imports(module, ast.Module([part], []), at_once=False)
            for part in child.orelse:
                yield from _imports(module, ast.Module([part], []), at_once=at_once)
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(module, child, at_once=at_once and not later)


@functools.cache
def modules() -> list[Module]:
    # An installed package has the catalogue beside its modules: findings are programs, and reach where they like.
    paths = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] != "findings"]
    return [Module(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def parts_imported(one: Import) -> set[str]:
    """The parts of sharpbits that an import reaches: ``from sharpbits import files`` reaches files."""
    names = [*one.module.split("."), one.name]
    return {names[1]} if names[0] == "sharpbits" and names[1:] and names[1] else set()


def forbidden(importers: tuple[str, ...], imported: tuple[str, ...]) -> list[str]:
    return [
        f"{module.where(one.line)} imports {part}"
        for module in modules()
        if module.package in importers
        for one in module.imports()
        for part in parts_imported(one)
        if part in imported and part != module.package
    ]


def test_the_whole_package_is_looked_at() -> None:
    assert len(modules()) > 100
    assert {module.package for module in modules()} >= {"classifier", "phasetype", "catalogue", "cli", *GROUND}


def test_systems_never_import_one_another() -> None:
    assert forbidden(SYSTEMS, SYSTEMS) == []


def test_the_ground_the_catalogue_and_the_differential_import_no_system() -> None:
    assert forbidden((*GROUND, "catalogue", "differential"), SYSTEMS) == []


def test_the_ground_stands_on_nothing_but_itself() -> None:
    above = tuple({module.package for module in modules()} - {*GROUND, ""})
    assert forbidden(GROUND, above) == []


def test_nothing_but_the_command_line_imports_the_command_line() -> None:
    everything = tuple({module.package for module in modules()} - {"cli"})
    assert forbidden(everything, ("cli",)) == []


def private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def names_of(tree: ast.Module) -> set[str]:
    """Every name that a module gives to something: function, class, variable, attribute."""
    given: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                given.add(name)
    return given


def test_no_private_name_is_imported_from_another_module() -> None:
    found = [
        f"{module.where(one.line)} imports {part}"
        for module in modules()
        for one in module.imports()
        if one.module.partition(".")[0] == "sharpbits"
        for part in (*one.module.split("."), one.name)
        if private(part)
    ]
    assert found == []


def test_no_private_attribute_is_used_outside_the_module_that_has_it() -> None:
    found = [
        f"{module.where(node.lineno)} reaches into {ast.unparse(node)}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and private(node.attr) and node.attr not in names_of(module.tree)
        if node.attr not in PUBLIC_ALL_THE_SAME
    ]
    assert found == []


@pytest.mark.parametrize("package", LIGHT)
def test_what_must_answer_at_once_imports_nothing_heavy_at_module_level(package: str) -> None:
    found = [
        f"{module.where(one.line)} imports {one.module}"
        for module in modules()
        if module.package == package
        for one in module.imports()
        if one.at_once and one.module.partition(".")[0] in HEAVY
    ]
    assert found == []


def test_imports_are_seen_wherever_they_stand() -> None:
    """Else the rules above hold for nothing."""
    source = """
import torch
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import pandas
try:
    import jax.numpy
except ImportError:
    pass
def late():
    from . import near
    from .. import errors
"""
    module = Module(ROOT / "gate" / "invented.py", ast.parse(source))
    seen = {(one.module, one.name): one.at_once for one in module.imports()}
    assert seen == {
        ("torch", ""): True,
        ("typing", "TYPE_CHECKING"): True,
        ("pandas", ""): False,
        ("jax.numpy", ""): True,
        ("sharpbits.gate", "near"): False,
        ("sharpbits", "errors"): False,
    }
