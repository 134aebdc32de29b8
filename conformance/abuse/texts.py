"""Mutations of texts and documents: parts cut out, doubled, moved, and replaced by what is known to hurt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from timetravel.damage import damaged

HURTS = [
    "", "\n", "\r", "\0", "\x1b[31m", "\u2028", "\ufeff", "\udcff", "'", '"', '"""', "\\", "\\d", "#", "# ///",
    "# /// script",
        "[" * 2000, "{" * 2000, "(" * 500, "-" * 3000, "9" * 5000, "1e999", "-0.0", "nan", "inf", "NaN", "null", "true",
    "Traceback (most recent call last):\n",
    "  + Exception Group Traceback (most recent call last):\n", "  | ", "    | ",
    "ValueError: ", "NameError: x\n", "catalyst.utils.exceptions.CompileError: failed with error code -6\n",
    "failed with error code -999999999999999999999", '  File "finding.py", line 3, in <module>\n    import x\n',
    "(a+)+$", "(?:a?){40}a{40}b", "[z-a]", "(?P<", "[[a-z]--b]", "{ when =", "expect = [", "[tool.sharpbits]",
    ">=", "~=1", "===", "python", "1!2.3.4rc1+local", "cores<", "not ", "gpu=", "package:", "= [", "= {", "}", "]", ",",
]  # fmt: skip


def mutated(originals: Sequence[str]) -> st.SearchStrategy[str]:
    """Texts that were one of these before up to four changes."""
    cut = st.tuples(
        st.floats(0, 1), st.integers(0, 12), st.sampled_from(HURTS) | st.text(max_size=4), st.booleans()
    )  # where, how much goes, what comes, whether what goes comes twice instead

    def change(original: str, cuts: list[tuple[float, int, str, bool]]) -> str:
        text = original
        for place, length, new, double in cuts:
            at = int(place * len(text))
            gone = text[at : at + length]
            text = text[:at] + (gone * 2 if double else new) + text[at + length :]
        return text

    return st.builds(change, st.sampled_from(originals), st.lists(cut, max_size=4))


def documents(sound: Any) -> st.SearchStrategy[str]:
    """Texts of a JSON document with some part damaged, of its structure or of its text."""

    @st.composite
    def structures(draw: st.DrawFn) -> str:
        return json.dumps(damaged(draw(st.data()), sound))

    return structures() | mutated([json.dumps(sound)])


def write(path: Path, text: str) -> None:
    """Write any text, also one that is no UTF-8."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def toml(value: Any) -> str:
    """Write a value as TOML has it inline; null, which it has not, is an empty text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)
