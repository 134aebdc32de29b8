"""The example of an implementation that a finding names: read from its docstring, without importing it.

So ``sharpbits show`` answers at once, and also where the packages that the implementation needs are absent.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import sharpbits

#: The section of a numpy-style docstring that holds one literal block, up to the next unindented line.
_EXAMPLES = re.compile(r"^Examples\n-{8}\n::\n\n(?P<block>(?:[ ]{4}.*\n|\n)+)", re.MULTILINE)


def snippet(dotted: str) -> str | None:
    """Return the example of a public name of sharpbits, ready to paste, or None if it has none.

    A name that a package imports from another module of sharpbits is followed there.

    >>> print(snippet("sharpbits.catalogue.snippet.snippet"))
    None
    """
    node = _definition(dotted)
    found = _EXAMPLES.search((ast.get_docstring(node) or "") + "\n") if node is not None else None
    return textwrap.dedent(found["block"]).strip("\n") if found else None


def _definition(dotted: str) -> ast.FunctionDef | ast.ClassDef | None:
    root, *names = dotted.split(".")
    place = Path(sharpbits.__file__).parent
    if root != "sharpbits":
        return None
    while names and (place / names[0]).is_dir():
        place /= names.pop(0)
    source = place / "__init__.py"
    if names and (place / f"{names[0]}.py").is_file():
        source = place / f"{names.pop(0)}.py"
    if len(names) != 1 or not source.is_file():
        return None
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == names[0]:
            return node
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sharpbits."):
            for alias in node.names:
                if (alias.asname or alias.name) == names[0] and f"{node.module}.{alias.name}" != dotted:
                    return _definition(f"{node.module}.{alias.name}")
    return None
