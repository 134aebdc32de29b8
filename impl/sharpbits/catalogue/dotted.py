"""What a dotted name of sharpbits leads to, read from the sources: nothing is imported.

So whoever collects tests, or asks for one finding, waits for neither jax nor scikit-learn, and gets an answer where the
packages that an implementation needs are absent.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sharpbits

#: How many re-exports are followed from one name: more than any package here has.
_HOPS = 8


def definition(dotted: str, hops: int = _HOPS) -> ast.AST | None:
    """Return the syntax tree of what a dotted name stands for, or None where it leads nowhere.

    A module stands for itself, unless its package binds the name to something else: that is what an import of the name
    finds. A name that a module imports from another module of sharpbits is followed there; one that comes from
    elsewhere is taken to exist.

    >>> type(definition("sharpbits.catalogue.dotted.definition")).__name__
    'FunctionDef'
    >>> definition("sharpbits.catalogue.nowhere")
    """
    root, *names = dotted.split(".")
    if root != "sharpbits" or hops == 0:
        return None
    place = Path(sharpbits.__file__).parent
    while names and (place / names[0]).is_dir() and not _hidden(place, names):
        place /= names.pop(0)
    source = place / "__init__.py"
    if names and (place / f"{names[0]}.py").is_file() and not _hidden(place, names):
        source = place / f"{names.pop(0)}.py"
    if not source.is_file():
        return None
    found: ast.AST | None = _parsed(source)
    for index, name in enumerate(names):
        if not isinstance(found, ast.Module | ast.ClassDef):
            return None
        found = _bound(found, name)
        if isinstance(found, ast.ImportFrom) and (found.module or "").partition(".")[0] == "sharpbits":
            (original,) = (alias.name for alias in found.names if name in (alias.asname, alias.name))
            return definition(".".join([found.module or "", original, *names[index + 1 :]]), hops - 1)
    return found


def _hidden(place: Path, names: list[str]) -> bool:
    """Tell whether the last name is that of a module which a package binds to something else, as a function of it."""
    source = place / "__init__.py"
    if len(names) != 1 or not source.is_file():
        return False
    match _bound(_parsed(source), names[0]):
        case None | ast.Import():
            return False
        case ast.ImportFrom(module=module, level=level):
            package = ".".join(place.relative_to(Path(sharpbits.__file__).parents[1]).parts)
            return level == 0 and module != package
        case _:
            return True


@cache
def _parsed(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


def _bound(scope: ast.Module | ast.ClassDef, name: str) -> ast.AST | None:
    """Return the last statement of a scope that binds a name."""
    found = None
    for node in _statements(scope.body):
        if name in _names(node):
            found = node
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a scope, those within ``if`` and ``try`` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])


def _names(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Import() | ast.ImportFrom():
            return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        case ast.Assign():
            return {target.id for target in node.targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(name)):
            return {name}
        case _:
            return set()
