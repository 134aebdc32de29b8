"""The one console that everything is printed on."""

from __future__ import annotations

import os
import sys

from rich.console import Console

_PIPED_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """Return a console; into a file or pipe it writes lines wide enough for one finding each.

    ``COLUMNS`` sets the width where it is a width: on a width of zero nothing would be shown.
    """
    stream = sys.stderr if stderr else sys.stdout
    variables = dict(os.environ)
    if not _is_width(variables.get("COLUMNS", "")):
        variables.pop("COLUMNS", None)
    wide = None if stream.isatty() or "COLUMNS" in variables else _PIPED_WIDTH
    return Console(stderr=stderr, width=wide, highlight=False, emoji=False, _environ=variables)


def _is_width(text: str) -> bool:
    # More than four digits are nonsense, too: a table would be filled with as many blanks.
    return text.isascii() and text.isdigit() and len(text) <= 4 and int(text) > 0
