"""The ``-k`` expression: words joined by ``and``, ``or``, ``not`` and parentheses, as pytest has it."""

from __future__ import annotations

import ast
import re

from sharpbits.errors import UsageError


def matches(expression: str, text: str) -> bool:
    """Tell whether a text satisfies an expression; a word holds where it occurs in the text, case aside.

    >>> matches("lax_map and not value", "catalyst/grad_over_lax_map")
    True

    Raises
    ------
    UsageError
        The expression does not parse.
    """
    words: list[str] = []

    def placeholder(match: re.Match[str]) -> str:
        if match[0] in ("and", "or", "not"):
            return match[0]
        words.append(match[0].lower())
        return f"_{len(words) - 1}"

    translated = re.sub(r"[^\s()]+", placeholder, expression)
    try:
        tree = ast.parse(translated.strip(), mode="eval").body
    except SyntaxError as error:
        raise UsageError(
            "the -k expression cannot be read",
            why=f"{error.msg} in {expression!r}",
            resolution="join words with 'and', 'or', 'not' and parentheses, e.g. -k 'lax_map and not value'",
        ) from error
    haystack = text.lower()

    def holds(node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(ast.And(), values):
                return all(holds(value) for value in values)
            case ast.BoolOp(ast.Or(), values):
                return any(holds(value) for value in values)
            case ast.UnaryOp(ast.Not(), operand):
                return not holds(operand)
            case ast.Name(name):
                return words[int(name[1:])] in haystack
            case _:
                raise UsageError(
                    "the -k expression cannot be read",
                    why=f"{ast.unparse(node)!r} in {expression!r} is not a word",
                    resolution="join words with 'and', 'or', 'not' and parentheses",
                )

    return holds(tree)
