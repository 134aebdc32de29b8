"""The ``-k`` expression: words joined by ``and``, ``or``, ``not`` and parentheses, as pytest has it."""

from __future__ import annotations

import ast
import re

from sharpbits.errors import UsageError

#: So much of an expression is repeated to the user.
_SHOWN = 200


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

    def refused(why: str) -> UsageError:
        return UsageError(
            "the -k expression cannot be read",
            why=f"{why} in {_brief(expression)}",
            resolution="join words with 'and', 'or', 'not' and parentheses, e.g. -k 'lax_map and not value'",
        )

    translated = re.sub(r"[^\s()]+", placeholder, expression)
    try:
        tree = ast.parse(translated.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise refused(getattr(error, "msg", str(error))) from error
    except (RecursionError, MemoryError) as error:  # the parser's words for the end of its stack
        raise refused("too many levels") from error
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
                raise refused("a part that is no word")

    try:
        return holds(tree)
    except RecursionError as error:
        raise refused("too many levels") from error


def _brief(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"
