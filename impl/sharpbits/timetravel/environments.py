"""Environments built from stacks, kept for the next run.

Each lies in a folder named after the stack's digest and counts as built once its marker is there, which is written
last and goes first: what died half way, of a build or of a removal, is built anew. A lock file for each (``flock``)
makes two processes that want the same one build it once; whoever uses an environment holds that lock shared, so that
nobody prunes it meanwhile. The kernel drops both with the process. Files are hard links into uv's cache, so ten similar
environments cost little more disk than one.
"""

from __future__ import annotations

import csv
import fcntl
import logging
import math
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sharpbits.errors import UsageError
from sharpbits.shelf import user_cache
from sharpbits.timetravel.dates import just_after
from sharpbits.timetravel.lock import lock_text, read_lock, timestamp
from sharpbits.timetravel.stack import Stack
from sharpbits.timetravel.uv import IndexOptions, StackError, call_uv

VENV_S = 120.0
INSTALL_S = 3600.0
DEFAULT_LIMIT = 40 << 30

_MARKER = "sharpbits-stack.txt"
#: The first file of an environment, and the last that goes: so what is half built or half removed is known as ours.
_FIRST = "pyvenv.cfg"
_LOCK_POLL_S = 0.2
#: An environment is named after its stack: the beginning of a SHA-256.
_NAME = re.compile(r"[0-9a-f]{20}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One environment of the cache."""

    digest: str
    path: Path
    origin: str
    #: Bytes that removing it would free at most: files that uv's cache or another environment shares count too.
    size: int
    last_used: datetime
    complete: bool


@dataclass
class EnvironmentCache:
    """A folder of environments with a limit on its size."""

    folder: Path
    limit: int = DEFAULT_LIMIT

    @classmethod
    def default(cls) -> EnvironmentCache:
        """Return the user's cache; ``SHARPBITS_ENVIRONMENTS`` names another folder, ``…_GIB`` another limit."""
        folder = os.environ.get("SHARPBITS_ENVIRONMENTS")
        limit = os.environ.get("SHARPBITS_ENVIRONMENTS_GIB")
        place = Path(folder).absolute() if folder else user_cache("environments")
        if place is None:
            raise UsageError(
                "there is no place for environments",
                why="there is no home folder, and XDG_CACHE_HOME is not set",
                resolution="set SHARPBITS_ENVIRONMENTS to a folder",
            )
        if place.exists() and not place.is_dir():
            raise UsageError(
                "there is no place for environments",
                why=f"{place} is no folder",
                resolution="set SHARPBITS_ENVIRONMENTS to a folder",
            )
        return cls(place, DEFAULT_LIMIT if limit is None else _bytes(limit))

    @contextmanager
    def lease(
        self,
        stack: Stack,
        interpreter: Path,
        options: IndexOptions = IndexOptions(),  # noqa: B008 (immutable)
        stop: threading.Event | None = None,
    ) -> Iterator[Path]:
        """Yield the Python of an environment with exactly this stack, built first where need be.

        While the context lasts the environment is not pruned.

        Raises
        ------
        StackError
            It cannot be built, or kept.
        """
        path = self.folder / stack.digest[:20]
        with ExitStack() as used:
            try:
                python = used.enter_context(self._leased(path, stack, interpreter, options, stop))
            except OSError as error:  # the folder may not be written to, the disk is full, …
                raise StackError(
                    "an environment cannot be kept",
                    why=str(error),
                    resolution="free some disk space, or set SHARPBITS_ENVIRONMENTS to a folder that may be written to",
                    path=path,
                ) from error
            yield python

    @contextmanager
    def _leased(
        self, path: Path, stack: Stack, interpreter: Path, options: IndexOptions, stop: threading.Event | None
    ) -> Iterator[Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{path.name}.lock").open("a") as lock:
            _wait_for(lock.fileno(), fcntl.LOCK_SH, stop)
            while not (path / _MARKER).exists():
                fcntl.flock(lock, fcntl.LOCK_UN)
                _wait_for(lock.fileno(), fcntl.LOCK_EX, stop)
                if not (path / _MARKER).exists():
                    self.prune(self.limit)
                    _build(stack, path, interpreter, options, stop)
                # The change from exclusive to shared is not one step: look again afterwards.
                _wait_for(lock.fileno(), fcntl.LOCK_SH, stop)
            os.utime(path / _MARKER)
            yield python_of(path)

    def damage(self, python: Path) -> str:
        """Say what is missing of an environment that was built here; empty: nothing, as far as its packages tell.

        A damaged one is built anew the next time. Cost: one look at every file.
        """
        path = python.parent.parent
        missing = _missing(path)
        if missing:
            with suppress(OSError):
                (path / _MARKER).unlink(missing_ok=True)
        return missing

    def entries(self) -> list[Entry]:
        """Return the environments, the one used last first. Cost: one look at every file."""
        if not self.folder.is_dir():
            return []
        found = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another process removed it meanwhile
                if _is_ours(path):
                    found.append(_entry(path))
        return sorted(found, key=lambda entry: entry.last_used, reverse=True)

    def left_alone(self) -> list[Path]:
        """Return what lies in the folder and is none of ours: it is neither counted nor ever removed."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if not _is_ours(path) and not _is_lock(path))

    def prune(self, limit: int | None = None) -> list[Entry]:
        """Remove the environments that were not used for longest, until the others are within the limit.

        Returns those that were removed; one that is in use stays.
        """
        allowed = self.limit if limit is None else limit
        total, removed = 0, []
        for entry in self.entries():
            total += entry.size
            if total > allowed and self._remove(entry):
                total -= entry.size
                removed.append(entry)
        return removed

    def _remove(self, entry: Entry) -> bool:
        with (self.folder / f"{entry.path.name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            try:
                _empty(entry.path)
                shutil.rmtree(entry.path)
            except OSError as error:
                _log.warning("the environment %s could not be removed: %s", entry.path, error)
                return False
            return True


def python_of(path: Path) -> Path:
    """Return the interpreter of an environment."""
    return path / "bin" / "python"


def _empty(path: Path) -> None:
    """Remove what is in an environment, its marker first, but for the file that tells it as ours."""
    (path / _MARKER).unlink(missing_ok=True)
    for inside in path.iterdir():
        if inside.name != _FIRST:
            shutil.rmtree(inside) if inside.is_dir() and not inside.is_symlink() else inside.unlink()


def _clear(path: Path) -> None:
    """Make the folder of an environment, with nothing in it but the file that tells it as ours."""
    if os.path.lexists(path) and not _is_ours(path) and (not path.is_dir() or any(path.iterdir())):
        raise StackError(
            "an environment cannot be kept",
            why="something else is in its place",
            resolution="remove it, or set SHARPBITS_ENVIRONMENTS to another folder",
            path=path,
        )
    path.mkdir(exist_ok=True)
    (path / _FIRST).touch()
    _empty(path)


def _build(stack: Stack, path: Path, interpreter: Path, options: IndexOptions, stop: threading.Event | None) -> None:
    # Also where one is there already: of a package that was half installed uv would think that it is there.
    _clear(path)
    with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
        wanted = Path(folder, "stack.txt")
        wanted.write_text(lock_text(stack), encoding="utf-8")
        call_uv(
            # What is there is only the file that tells it as ours; uv's own clearing would remove it, and die perhaps.
            ["venv", "--quiet", "--allow-existing", "--python", interpreter, path],
            doing="making an environment",
            seconds=VENV_S,
            cwd=Path(folder),
            stop=stop,
        )
        arguments: list[str | Path] = [
            "pip",
            "sync",
            "--quiet",
            wanted,
            "--python",
            python_of(path),
            "--link-mode",
            "hardlink",
        ]
        if stack.newest_upload and not options.find_links:
            # What a source package needs to be built is of its day, too.
            arguments += ["--exclude-newer", timestamp(just_after(stack.newest_upload))]
        if sys.dont_write_bytecode:
            # Else every run would compile the stack anew, which takes longer than what it runs.
            arguments.append("--compile-bytecode")
        call_uv(
            [*arguments, *options.arguments()],
            doing=f"building the environment of {stack.origin or stack.digest[:12]}",
            seconds=INSTALL_S,
            cwd=Path(folder),
            stop=stop,
        )
    marker = path / _MARKER
    half = marker.with_suffix(".half")
    half.write_text(lock_text(stack), encoding="utf-8")
    half.replace(marker)


def _wait_for(handle: int, kind: int, stop: threading.Event | None) -> None:
    """Take a lock, looking at the stop request while another process holds it."""
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt from None
            time.sleep(_LOCK_POLL_S)


def _is_ours(path: Path) -> bool:
    """Tell an environment that was built here from anything else that somebody keeps in this folder.

    A whole one carries our marker; one that died half way has a stack's digest for its name, our lock file beside it,
    and the file that comes first and goes last. A link is not ours: what it leads to lies elsewhere.
    """
    if path.is_symlink() or not path.is_dir() or not _NAME.fullmatch(path.name):
        return False
    return (path / _MARKER).is_file() or (path.with_name(f"{path.name}.lock").is_file() and (path / _FIRST).is_file())


def _is_lock(path: Path) -> bool:
    return path.suffix == ".lock" and _NAME.fullmatch(path.stem) is not None


def _entry(path: Path) -> Entry:
    marker = path / _MARKER
    complete = marker.exists()
    origin = "half built"
    if complete:
        lines = marker.read_text(encoding="utf-8", errors="replace").splitlines()
        origin = next((line.removeprefix("# origin: ") for line in lines if line.startswith("# origin: ")), "")
    used = datetime.fromtimestamp((marker if complete else path).stat().st_mtime, UTC)
    return Entry(path.name, path, origin, _size(path), used, complete)


def _size(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118 (Path is slow here)
    return total


def _missing(path: Path) -> str:
    """Name the first thing that is missing of an environment: its marker, or a file that one of its packages lists."""
    try:
        wanted = len(read_lock(path / _MARKER, python="", platform="").pins)
        records = [*path.glob("lib/python*/site-packages/*.dist-info/RECORD")]
        if len(records) < wanted:
            return f"{wanted - len(records)} of {wanted} packages"
        for record in records:
            site = record.parent.parent
            for name, *_ in csv.reader(record.read_text(encoding="utf-8").splitlines()):
                # What is compiled is made as it is needed.
                if not name.endswith(".pyc") and not os.path.exists(os.path.join(site, name)):  # noqa: PTH110, PTH118
                    return name
    except UsageError as error:
        return error.why
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _bytes(gib: str) -> int:
    try:
        size = float(gib)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise UsageError(
            "the environments' limit cannot be read",
            why=f"SHARPBITS_ENVIRONMENTS_GIB is {gib!r}",
            resolution="set it to a finite number of GiB, 0 or more",
        )
    return int(size * 2**30)
