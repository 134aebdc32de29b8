"""How the classifier is put together: no circle of imports, and everything public is said to be."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sharpbits.classifier

PACKAGE = "sharpbits.classifier"
ROOT = Path(sharpbits.classifier.__file__).parent
PACKAGES = [PACKAGE, *(f"{PACKAGE}.{found.name}" for found in pkgutil.iter_modules([str(ROOT)]) if found.ispkg)]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)])


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported(name: str) -> set[str]:
    """The modules of the classifier that one of them imports, inside functions, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            below = {f"{node.module}.{alias.name}" for alias in node.names} & set(FILES)
            found |= below or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    # The kernel asks its own package where it lies.
    own = {name.rpartition(".")[0]} if name.endswith(".kernel") else set()
    return found & set(FILES) - own


def test_no_module_imports_one_that_imports_it() -> None:
    """A circle raises ``CycleError``, which names it."""
    order = list(TopologicalSorter({name: imported(name) for name in FILES}).static_order())
    chain = [order.index(f"{PACKAGE}.{name}") for name in ("fitted", "persistence", "estimator", "model", "commands")]
    assert chain == sorted(chain)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_is_said_and_exists(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == sorted(set(module.__all__), key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(module, name) for name in module.__all__)
    bound = {
        alias.asname or alias.name
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert bound == set(module.__all__)
