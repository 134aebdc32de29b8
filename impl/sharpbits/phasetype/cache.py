"""Recorded eliminations on disk, by what they are the elimination of; several processes may share one folder.

An entry is a file named after its pattern (the SHA-256 of the pattern's document): a line that says what it is, the
SHA-256 of all that follows, the length of the document, the document, and the bytes of the elimination. No pickle, and
no source code in any name: equal structures share an entry, others never do.

On a hit the stored document is compared in full, and the operations are checked against the pattern. A file that is not
what was written raises; it is moved to the folder ``quarantine`` and the log says so. Files appear whole or not at all,
and whatever changes the folder holds its lock. Above the limit the entries that were not used for longest go.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import write_atomically
from sharpbits.phasetype.elimination import Elimination
from sharpbits.phasetype.errors import CacheError, CacheFolderError, DamagedTraceError, GraphError, TraceError
from sharpbits.phasetype.pattern import Pattern

DEFAULT_LIMIT = 1 << 30

_log = logging.getLogger(__name__)

_MAGIC = b"sharpbits trace 1"
_NAME = re.compile(r"[0-9a-f]{64}\.trace")
_QUARANTINE = "quarantine"
_LOCK_S = 60.0


@dataclass(frozen=True)
class CacheInfo:
    """What a cache holds: its folder, entries and their bytes, the limit on these, and files set aside as damaged."""

    folder: Path
    entries: int
    size: int
    limit: int
    quarantined: int


@dataclass(frozen=True)
class TraceCache:
    """A folder of recorded eliminations with a limit on its size in bytes."""

    folder: Path
    limit: int = DEFAULT_LIMIT

    @classmethod
    def default(cls) -> TraceCache:
        """Return the user's cache; ``SHARPBITS_TRACES`` names another folder, ``SHARPBITS_TRACES_GIB`` another limit.

        Raises
        ------
        UsageError
            The limit is no number.
        """
        folder = os.environ.get("SHARPBITS_TRACES")
        limit = os.environ.get("SHARPBITS_TRACES_GIB")
        try:
            size = DEFAULT_LIMIT if limit is None else int(float(limit) * 2**30)
        except (ValueError, OverflowError) as error:
            raise UsageError(
                "the limit of the cache of traces cannot be read",
                why=f"SHARPBITS_TRACES_GIB is {limit!r}",
                resolution="set it to a number of GiB",
            ) from error
        return cls(Path(folder) if folder else platformdirs.user_cache_path("sharpbits") / "traces", size)

    def check(self) -> None:
        """Make the folder if need be, and make sure that it can be written to.

        Raises
        ------
        CacheFolderError
            It cannot.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Asked of the folder itself: what its mode allows says nothing of a read-only file system.
            probe = self.folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(self.folder, f"its folder cannot be made or written to: {error.strerror}") from error

    def get(self, pattern: Pattern) -> Elimination | None:
        """Return the stored elimination of a pattern; None, and a line in the log, where there is none.

        Raises
        ------
        DamagedTraceError
            The file is damaged; it was set aside, so that the next call finds none.
        CacheError
            The file is of another pattern with the same name, or cannot be read.
        """
        path = self._path(pattern)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            _log.debug("no trace of %s %s in %s", pattern, pattern.key[:16], self.folder)
            return None
        except OSError as error:
            raise CacheError(
                "the stored trace cannot be used",
                why=f"its file cannot be read: {error.strerror}",
                resolution="make it readable, or remove it",
                path=path,
                wanted=f"{pattern!r}",
            ) from error
        try:
            document, found = _parsed(content)
            if document == pattern.document:
                found.check(pattern)
        except (GraphError, TraceError) as error:
            raise self._quarantined(path, content, error) from error
        if document != pattern.document:
            raise CacheError(
                "the stored trace cannot be used",
                why="it is of another structure whose name, a SHA-256, is the same",
                resolution="clear the cache: sharpbits cache clear",
                path=path,
                wanted=f"{pattern!r}, {len(pattern.document)} bytes",
                stored=f"{len(document)} bytes",
            )
        with contextlib.suppress(OSError):  # somebody else has just removed it
            os.utime(path)
        _log.debug("trace of %s %s found in %s", pattern, pattern.key[:16], self.folder)
        return found

    def put(self, eliminations: Mapping[Pattern, Elimination]) -> None:
        """Store eliminations; what the disk does not take is logged as a warning: what was recorded is not lost by it.

        Raises
        ------
        CacheFolderError
            The folder cannot be made or written to.
        """
        self.check()
        with self._locked():
            for pattern, elimination in eliminations.items():
                try:
                    write_atomically(self._path(pattern), _content(pattern, elimination))
                except SharpbitsError as error:
                    _log.warning("the trace of %s is not kept: %s", pattern, error.why)
            self._prune()

    def info(self) -> CacheInfo:
        """Return what the cache holds; a folder that does not exist holds nothing."""
        sizes = [size for _, _, size in self._entries()]
        return CacheInfo(self.folder, len(sizes), sum(sizes), self.limit, len(self._set_aside()))

    def clear(self) -> int:
        """Remove all entries and what was set aside; return how many files those were. Other files stay."""
        if not self.folder.exists():
            return 0
        self.check()
        with self._locked():
            files = [path for _, path, _ in self._entries()] + self._set_aside()
            for path in files:
                path.unlink(missing_ok=True)
        return len(files)

    def _path(self, pattern: Pattern) -> Path:
        return self.folder / f"{pattern.key}.trace"

    def _entries(self) -> list[tuple[float, Path, int]]:
        """Return when each entry was last used, its file, and its bytes, the longest unused first."""
        found = []
        try:
            with os.scandir(self.folder) as listing:
                for one in listing:
                    if _NAME.fullmatch(one.name):
                        with contextlib.suppress(FileNotFoundError):
                            status = one.stat()
                            found.append((status.st_mtime, Path(one.path), status.st_size))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.folder, f"its folder cannot be read: {error.strerror}") from error
        return sorted(found)

    def _set_aside(self) -> list[Path]:
        folder = self.folder / _QUARANTINE
        return sorted(path for path in folder.iterdir() if _NAME.match(path.name)) if folder.is_dir() else []

    def _prune(self) -> None:
        entries = self._entries()
        total = sum(size for _, _, size in entries)
        for _, path, size in entries:
            if total <= self.limit:
                return
            path.unlink(missing_ok=True)
            total -= size
            _log.info("trace %s was removed: the cache is above its limit of %d bytes", path.name, self.limit)

    def _quarantined(self, path: Path, content: bytes, error: SharpbitsError) -> DamagedTraceError:
        """Set a damaged file aside and return the error that says so."""
        aside: Path | str = self.folder / _QUARANTINE / f"{path.name}.{time.time_ns()}"
        try:
            with self._locked(), contextlib.suppress(FileNotFoundError):
                # Whoever found the same has set it aside already, and may have stored a good one since.
                if path.read_bytes() == content:
                    (self.folder / _QUARANTINE).mkdir(exist_ok=True)
                    path.replace(aside)
        except OSError as failure:
            aside = f"nowhere: {failure}"
        _log.error("stored trace %s is damaged (%s); it was moved to %s", path, error.why, aside)
        return DamagedTraceError(
            "a stored trace is damaged",
            why=error.why,
            resolution="run again: it was set aside and will be recorded anew; if this happens often, check the disk",
            path=path,
            bytes=len(content),
            moved_to=aside,
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = filelock.FileLock(self.folder / ".lock")
        try:
            with lock.acquire(timeout=_LOCK_S):
                yield
        except filelock.Timeout as error:
            raise CacheError(
                "the cache of traces cannot be changed",
                why=f"another process has held its lock for {_LOCK_S:.0f} seconds",
                resolution="end that process, or give another folder",
                folder=self.folder,
            ) from error


def _unusable(folder: Path, why: str) -> CacheFolderError:
    return CacheFolderError(
        "the cache of traces cannot be used",
        why=why,
        resolution="give a folder that you may write to, by SHARPBITS_TRACES or by name, or use no cache",
        folder=folder,
    )


def _content(pattern: Pattern, elimination: Elimination) -> bytes:
    body = len(pattern.document).to_bytes(8, "little") + pattern.document + elimination.to_bytes()
    return b"\n".join([_MAGIC, hashlib.sha256(body).hexdigest().encode(), body])


def _parsed(content: bytes) -> tuple[bytes, Elimination]:
    """Return the document and the elimination of a file's content.

    Raises
    ------
    TraceError
        The content is not what was written.
    """
    magic, _, rest = content.partition(b"\n")
    digest, _, body = rest.partition(b"\n")
    if magic != _MAGIC:
        raise _damaged("it does not begin as a stored trace does", _MAGIC, content[:40])
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise _damaged(
            "it does not have the SHA-256 it was written with: cut short, or changed", digest[:64], "another"
        )
    length = int.from_bytes(body[:8], "little")
    if len(body) < 8 + length:
        raise _damaged("its document is cut short", f"{length} bytes", f"{len(body) - 8} bytes")
    return body[8 : 8 + length], Elimination.from_bytes(body[8 + length :])


def _damaged(why: str, expected: object, actual: object) -> TraceError:
    return TraceError(
        "this is no stored trace", why=why, resolution="record it again", expected=expected, actual=actual
    )  # fmt: skip
