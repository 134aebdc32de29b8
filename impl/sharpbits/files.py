"""Files: written whole or not at all; programs: found from wherever they are started."""

from __future__ import annotations

import os
import shutil
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


def program_path(name: Path) -> Path:
    """Return where a program lies: a bare name as the shell finds it, a path as seen from the present folder.

    Links are kept: a virtual environment's interpreter is one, and knows its environment by it. What does not exist
    comes back as it would be looked for, so that whoever runs it can say what is missing.
    """
    found = shutil.which(name) if len(name.parts) == 1 and os.sep not in str(name) else None
    return Path(found or name).absolute()


def _unwritable(path: Path, error: OSError) -> SharpbitsError:
    return SharpbitsError(
        "a file could not be written",
        why=str(error),
        resolution="name a file in an existing folder that you may write to",
        path=path,
    )
