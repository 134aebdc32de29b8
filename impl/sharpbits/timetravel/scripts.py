"""The files that a command consists of: edited, it is another command."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_SUFFIXES = frozenset({".py", ".sh"})
#: A script that is larger is not put into a report.
MOST_SHOWN = 64 * 1024
_INTERPRETER = re.compile(r"(python[\d.]*|sh|bash|dash)")


def scripts_in(line: str) -> list[Path]:
    """Return the scripts that a shell command names, those of ``-m`` too, as far as they exist.

    A file is a script by its suffix, its first line or its permissions. Data is none: a command may write it.
    """
    words = _words(line)
    modules = [word.replace(".", "/") for before, word in pairwise(words) if before == "-m"]
    named = [Path(word) for word in words if word]
    named += [Path(name) for module in modules for name in (f"{module}.py", f"{module}/__main__.py")]
    return [path for path in dict.fromkeys(named) if _is_script(path)]


def interpreted(line: str) -> list[Path]:
    """Return the files that a shell command gives to an interpreter first, whatever their names, and its scripts."""
    given = [
        Path(word) for before, word in pairwise(_words(line)) if word and _INTERPRETER.fullmatch(Path(before).name)
    ]
    return list(dict.fromkeys([*(path for path in given if path.is_file()), *scripts_in(line)]))


@dataclass(frozen=True)
class Script:
    """A file for a report."""

    name: str
    #: None: it is not shown.
    text: str | None
    why: str = ""

    @property
    def fence(self) -> str:
        """A fence that no line of the text closes."""
        longest = max(map(len, re.findall("`+", self.text or "")), default=0)
        return "`" * max(3, longest + 1)

    @property
    def language(self) -> str:
        """What Markdown calls it."""
        return {".py": "python", ".sh": "sh"}.get(Path(self.name).suffix, "")


def texts(paths: Iterable[Path]) -> list[Script]:
    """Read the files that are text; those that are too large are named only."""
    found = []
    for path in paths:
        try:
            size = path.stat().st_size
            if size > MOST_SHOWN:
                found.append(Script(str(path), None, f"it has {size} bytes, more than {MOST_SHOWN}"))
                continue
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):  # nobody may read it, or it is no text
            continue
        if "\0" not in text:
            found.append(Script(str(path), text))
    return found


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # a quote that the shell may know how to close
        words = line.split()
    # Also those inside a quoted part (sh -c "python a.py && python b.py"), or glued to an operator.
    return words + [part for word in words for part in re.split(r"[\s'\"=;|&<>()]+", word)]


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
