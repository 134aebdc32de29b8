"""The files that a command consists of: edited, it is another command."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

_SUFFIXES = frozenset({".py", ".sh"})


def scripts_in(line: str) -> list[Path]:
    """Return the scripts that a shell command names, those of ``-m`` too, as far as they exist.

    A file is a script by its suffix, its first line or its permissions. Data is none: a command may write it.
    """
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # a quote that the shell may know how to close
        words = line.split()
    # Also those inside a quoted part (sh -c "python a.py && python b.py"), or glued to an operator.
    words += [part for word in words for part in re.split(r"[\s'\"=;|&<>()]+", word)]
    modules = [word.replace(".", "/") for before, word in pairwise(words) if before == "-m"]
    named = [Path(word) for word in words if word]
    named += [Path(name) for module in modules for name in (f"{module}.py", f"{module}/__main__.py")]
    return [path for path in dict.fromkeys(named) if _is_script(path)]


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file that can be read, by its name."""
    found = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                found[str(path)] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            continue  # it is not there, or nobody may read it: running it will tell
    return found


def _is_script(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        if path.suffix in _SUFFIXES or os.access(path, os.X_OK):
            return True
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except (OSError, ValueError):  # a word that is no path at all
        return False
