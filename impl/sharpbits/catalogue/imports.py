"""Which packages a program imports first of all, read from its syntax tree: nothing of it runs."""

from __future__ import annotations

import ast
import sys


def imported_packages(program: ast.Module) -> tuple[str, ...] | None:
    """Return the third-party packages that a program imports first of all, in order.

    None where any other statement comes before the last of these imports: what it does, be it to a variable or to a
    package's configuration, would come too late if the packages were there already.
    """
    packages: dict[str, None] = {}
    other = False
    for node in program.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        else:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            other = other or not docstring
            continue
        foreign = [name.partition(".")[0] for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
        if foreign and other:
            return None
        packages.update(dict.fromkeys(foreign))
    return tuple(packages)
