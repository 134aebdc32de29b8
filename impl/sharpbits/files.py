"""Write what a path stands for: a file whole or not at all, a device or pipe by writing to it.

``check_target`` and ``check_targets`` tell before anything runs whether that can be done, and leave no trace;
``program_path`` finds a program from wherever it is started.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, count
from pathlib import Path

from sharpbits.errors import SharpbitsError, UsageError, escaped

#: The beginning of the names that temporary files have.
_TEMPORARY = ".sharpbits-"
_RESOLUTION = "name a file that you may write to, in an existing folder that you may write to"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step: a reader, or a crash, sees the old one or the new, never a part.

    A symbolic link stays and what it points to is replaced; an existing file keeps its permissions. What is no regular
    file (a terminal, ``/dev/null``, a pipe, a descriptor such as ``/dev/stdout``) is written to, not replaced.

    Raises
    ------
    SharpbitsError
        It cannot be written: it is a folder, its folder does not exist, nobody reads the pipe, …; a regular file still
        has its old content.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    why = _refusal(path)
    if why:
        raise _unwritable(path, why)
    try:
        descriptor = _descriptor(path)
        if descriptor is not None:
            _write_to_descriptor(descriptor, data)
        elif is_special(path):
            _write_into(path, data)
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        unread = error.errno == errno.ENXIO and path.is_fifo()
        raise _unwritable(path, "it is a pipe that nobody reads" if unread else str(error)) from error


def check_target(path: Path, what: str, *, inputs: Iterable[Path] = ()) -> None:
    """Make sure that a file can be written, before anything runs; nothing is created, opened or truncated.

    Parameters
    ----------
    path
        The file, or a device or pipe.
    what
        What failed if it cannot be, e.g. ``"the report cannot be written"``.
    inputs
        Files that are read: none of them may be written.

    Raises
    ------
    UsageError
        It is a folder, its folder does not exist, it or its folder may not be written to, or it is an input.
    """
    check_targets({"": path}, what, inputs=inputs)


def check_targets(targets: Mapping[str, Path | None], what: str, *, inputs: Iterable[Path | None] = ()) -> None:
    """Make sure that several files can be written, each by itself and all together: see :func:`check_target`.

    Parameters
    ----------
    targets
        By the option that names it; None: not asked for.

    Raises
    ------
    UsageError
        One cannot be written, is an input, or is named twice.
    """
    given = {option: path for option, path in targets.items() if path is not None}
    for path in given.values():
        why = _refusal(path)
        if why:
            raise UsageError(what, why=why, resolution=_RESOLUTION, path=path)
    for read in inputs:
        for path in given.values():
            if read is not None and _same(path, read):
                raise UsageError(
                    what, why=f"{path} is read, too, as {read}", resolution="name another file to write", path=path
                )
    for (one, first), (other, second) in combinations(given.items(), 2):
        if _same(first, second):
            raise UsageError(
                what, why=f"{one} and {other} name the same file", resolution="name a file for each", path=first
            )


def check_folder(path: Path, what: str) -> None:
    """Make sure that a folder can be written into, or made, before anything runs; nothing is made.

    Raises
    ------
    UsageError
        It, or what it would be made in, is no folder or may not be written to.
    """
    nearest = next(place for place in (path.absolute(), *path.absolute().parents) if os.path.lexists(place))
    why = "" if nearest.is_dir() else f"{nearest} is no folder"
    if not why and not os.access(nearest, os.W_OK | os.X_OK):
        why = f"the folder {nearest} may not be written to"
    if why:
        raise UsageError(what, why=why, resolution="name a folder that you may write to", path=path)


def write_all(
    reports: Iterable[tuple[Path | None, Callable[[], str]]], *, partial: bool = False
) -> list[SharpbitsError]:
    """Write several reports, each where it was asked for; return what could not be written: the others could.

    Parameters
    ----------
    partial
        They are those of an interrupted run: see :func:`spared`.
    """
    failures = []
    for path, content in reports:
        if path is not None:
            try:
                write_atomically(spared(path, partial=partial), content())
            except SharpbitsError as error:
                failures.append(error)
    return failures


def spared(target: Path, *, partial: bool) -> Path:
    """Return where to write: what an interrupted run knows takes the place of no file that is there, which is said."""
    if not partial or not target.is_file() or _descriptor(target) is not None:
        return target
    for number in count():
        beside = target.with_name(f"{target.stem}.partial{number or ''}{target.suffix}")
        if not os.path.lexists(beside):
            break
    sys.stderr.write(f"{shown_path(target)} is left as it was: what was finished stands in {shown_path(beside)}\n")
    return beside


def _refusal(path: Path) -> str:
    """Say why nothing can be written there; empty: as far as can be told without trying, it can be."""
    descriptor = _descriptor(path)
    if descriptor is not None:
        try:
            os.fstat(descriptor)
        except OSError as error:
            return f"{path}: {error.strerror}"
        return ""
    try:
        mode: int | None = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        return f"{path}: {error.strerror}"
    if mode is not None:
        if stat.S_ISDIR(mode):
            return f"{path} is a folder"
        if stat.S_ISSOCK(mode):
            return f"{path} is a socket"
        if not os.access(path, os.W_OK):
            return f"{path} may not be written to"
        if not stat.S_ISREG(mode):
            return ""
    # Replacing needs a new file in the folder, that of the file itself and not of a link to it.
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        return f"the folder {folder if path.is_symlink() else path.parent} does not exist"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} may not be written to"
    return ""


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one file; a character device, such as /dev/null, is no file to get in each other's way."""
    try:
        return one.samefile(other) and not one.is_char_device()
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def is_special(path: Path) -> bool:
    """Tell a device, a pipe or a folder from a file and from nothing at all; a link is what it leads to."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _descriptor(path: Path) -> int | None:
    """Return the descriptor of this process that a path such as /dev/stdout or /dev/fd/63 stands for, if it does."""
    ours = os.path.realpath("/proc/self/fd")
    for _ in range(8):  # /dev/stdout -> /proc/self/fd/1, through a few more links at most
        if path.name.isdecimal() and os.path.realpath(path.parent) == ours:
            return int(path.name)
        try:
            path = path.parent / path.readlink()
        except OSError:
            return None
    return None


def _write_to_descriptor(descriptor: int, data: bytes) -> None:
    # Opened by its name, a descriptor that is a regular file would be written from its beginning: over what was said.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with os.fdopen(os.dup(descriptor), "wb") as stream_of_it:
        stream_of_it.write(data)


def _write_into(path: Path, data: bytes) -> None:
    # Without O_NONBLOCK, opening a pipe waits for somebody to read it. Writing may wait for a slow reader.
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)


def _replace(path: Path, data: bytes) -> None:
    """Write a new file beside the old one and put it in its place.

    Where the system has files without a name, as Linux on most file systems does, the new one gets its own when it is
    whole: so whatever ends this process while it writes, SIGKILL too, nothing of it is left beside the user's files.
    """
    if hasattr(os, "O_TMPFILE"):
        # A file system without them; or else the other way fails alike, and says why.
        with contextlib.suppress(OSError):
            _put(os.open(path.parent, os.O_WRONLY | os.O_TMPFILE, 0o600), None, path, data)
            return
    # The temporary name does not contain the file's: with it, it could be longer than a name may be.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY)
    _put(handle, Path(name), path, data)


def _put(handle: int, temporary: Path | None, path: Path, data: bytes) -> None:
    """Write into a new file, which has a temporary name or none, and put it in its place."""
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            _take_rights(handle, path)
            os.fsync(handle)
            if temporary is None:
                temporary = _named(handle, path)
        if temporary is not None:
            temporary.replace(path)
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _take_rights(handle: int, path: Path) -> None:
    """Give a new file the owner and the rights of the one whose place it takes, or those of an ordinary new file."""
    try:
        old = path.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
    else:
        with contextlib.suppress(PermissionError):  # only root gives files away
            os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _named(handle: int, path: Path) -> Path | None:
    """Give a file that has no name the one it is to have; where that is taken, return another, to be moved from."""
    try:
        _link(handle, path)
    except FileExistsError:
        for number in count():
            temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{number}")
            with contextlib.suppress(FileExistsError):
                _link(handle, temporary)
                return temporary
    return None


def _link(handle: int, path: Path) -> None:
    # Python asks the kernel to follow the link of an open file only where a folder is named as well, which counts for
    # nothing here: the path is absolute.
    os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)


def program_path(name: Path) -> Path:
    """Return where a program lies: a bare name as the shell finds it, a path as seen from the present folder.

    Links are kept: a virtual environment's interpreter is one, and knows its environment by it. What does not exist
    comes back as it would be looked for, so that whoever runs it can say what is missing.
    """
    found = shutil.which(name) if len(name.parts) == 1 and os.sep not in str(name) else None
    return Path(found or name).absolute()


def shown_path(path: Path) -> str:
    r"""Write a path in one line that any terminal and document can hold: what cannot be printed is escaped.

    >>> print(shown_path(Path("toy/two\nlines.py")), shown_path(Path("toy/\udcff.py")))
    toy/two\nlines.py toy/\xff.py
    """
    return escaped(str(path))


def _unwritable(path: Path, why: str) -> SharpbitsError:
    return SharpbitsError("a file could not be written", why=why, resolution=_RESOLUTION, path=path)
