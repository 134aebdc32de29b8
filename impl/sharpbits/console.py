"""The one console that everything is printed on."""

from __future__ import annotations

import os
import sys

from rich.console import Console

_PIPED_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """Return a console; into a file or pipe it writes lines wide enough for one finding each."""
    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Console(stderr=stderr, width=wide, highlight=False, emoji=False)
