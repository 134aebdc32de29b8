"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sharpbits.errors import SharpbitsError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step: a reader, or a crash, sees the old one or the new, never a part.

    Raises
    ------
    SharpbitsError
        The folder does not exist or cannot be written to; the old content is still there.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes the file private; give it the rights that an ordinary new file would have.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _unwritable(path: Path, error: OSError) -> SharpbitsError:
    return SharpbitsError(
        "a file could not be written",
        why=str(error),
        resolution="name a file in an existing folder that you may write to",
        path=path,
    )
