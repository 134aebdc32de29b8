"""The example of an implementation that a finding names: read from its docstring, without importing it.

So ``sharpbits show`` answers at once, and also where the packages that the implementation needs are absent.
"""

from __future__ import annotations

import ast
import re
import textwrap

from sharpbits.catalogue.dotted import definition

#: The section of a numpy-style docstring that holds one literal block, up to the next unindented line.
_EXAMPLES = re.compile(r"^Examples\n-{8}\n::\n\n(?P<block>(?:[ ]{4}.*\n|\n)+)", re.MULTILINE)


def snippet(dotted: str) -> str | None:
    """Return the example of a public name of sharpbits, ready to paste, or None if it has none.

    A name that a package imports from another module of sharpbits is followed there.

    >>> print(snippet("sharpbits.catalogue.snippet.snippet"))
    None
    """
    node = definition(dotted)
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return None
    found = _EXAMPLES.search((ast.get_docstring(node) or "") + "\n")
    return textwrap.dedent(found["block"]).strip("\n") if found else None
