"""The files that a command consists of: edited, it is another command."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

_SUFFIXES = frozenset({".py", ".sh"})
#: A script that is larger is not put into a report.
MOST_SHOWN = 64 * 1024
#: A folder with more files than these holds more than a test and what it needs; the others are not looked at.
_MOST_BELOW = 10_000
_REDIRECTED = re.compile(r">>?\s*([^\s;|&<>()]+)")
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


def parts_of(line: str) -> list[Path]:
    """Return the scripts that a command names, those in folders that it names, and the modules beside them."""
    folders = [Path(word) for word in _words(line) if word and _is_folder(Path(word))]
    inside = [path for folder in folders for path in _scripts_below(folder)]
    return with_modules([*scripts_in(line), *inside])


def data_in(line: str) -> list[Path]:
    """Return the other files that a command names, as far as they exist, but those to which its output goes."""
    written = {name.strip("'\"") for name in _REDIRECTED.findall(line)}
    named = [Path(word) for word in _words(line) if word and word not in written]
    return [path for path in dict.fromkeys(named) if _is_file(path) and not _is_script(path)]


def with_modules(scripts: Iterable[Path]) -> list[Path]:
    """Return scripts with the Python modules that they import from their own folder, and those that these import."""
    found: dict[Path, None] = {}
    waiting = list(scripts)
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = None
            waiting += _imported_from_beside(path) if path.suffix == ".py" else []
    return list(found)


def _imported_from_beside(script: Path) -> list[Path]:
    try:
        tree = ast.parse(script.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []  # running it will tell
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names]
        for name in names:
            for number in range(1, name.count(".") + 2):
                stem = script.parent.joinpath(*name.split(".")[:number])
                found += [stem.with_suffix(".py"), stem / "__init__.py"]
    return [path for path in dict.fromkeys(found) if _is_file(path)]


def _scripts_below(folder: Path) -> list[Path]:
    """Return the scripts in a folder and below it, but what is hidden and what was compiled."""
    found: list[Path] = []
    seen = 0
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith((".", "__pycache__")))
        found += [Path(place, name) for name in sorted(names) if Path(name).suffix in _SUFFIXES]
        seen += len(names)
        if seen > _MOST_BELOW:
            break
    return found


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
            status = path.stat()
            found[str(path)] = _digest(path.absolute(), status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            continue  # it is not there, or nobody may read it: running it will tell
    return found


@lru_cache(maxsize=4096)
def _digest(path: Path, *changes_with: int) -> str:
    """Return the SHA-256 of a file, read again once its time, size or place on the disk is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a word that is no path at all
        return False


def _is_script(path: Path) -> bool:
    if not _is_file(path):
        return False
    try:
        if path.suffix in _SUFFIXES or os.access(path, os.X_OK):
            return True
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
