"""The one console that everything is printed on, and what a command logs of its choices."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def logged_on_stderr(name: str) -> Iterator[None]:
    """Show on stderr, for as long as the block lasts, what loggers below a name say: choices, and doubts."""
    logger = logging.getLogger(name)
    handler, level = logging.StreamHandler(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _is_width(text: str) -> bool:
    # More than four digits are nonsense, too: a table would be filled with as many blanks.
    return text.isascii() and text.isdigit() and len(text) <= 4 and int(text) > 0
