"""One file of arrays and a JSON header that vouches for itself: cut short or changed anywhere, it does not load.

``sharpbits <kind> <version>``, a line with the SHA-256 of all that follows it, then a zip archive of ``header.json``
and ``.npy`` members. No pickle. The digest tells damage, not forgery: who can write the file can write another digest.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.errors import DamagedFileError, UsageError
from sharpbits.files import write_atomically

#: Of the layout described above; a file of another version is refused.
FORMAT = 1

Arrays = Mapping[str, npt.NDArray[Any]]


def write_container(path: Path, kind: str, header: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a file of one kind, whole or not at all. Equal content gives equal bytes.

    Raises
    ------
    SharpbitsError
        The file cannot be written.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        _add(members, "header.json", json.dumps(header, indent=1, sort_keys=True).encode())
        for name in sorted(arrays):
            member = io.BytesIO()
            np.save(member, arrays[name], allow_pickle=False)
            _add(members, f"{name}.npy", member.getvalue())
    content = archive.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(path, f"{_magic(kind)}\n{digest}\n".encode() + content)


def read_container(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the header and the arrays of a file.

    Raises
    ------
    UsageError
        There is no such file, or it cannot be read.
    DamagedFileError
        It is of another kind or version, cut short, or not what was written.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the {kind} cannot be read", why=str(error), resolution="name a file that exists and that you may read"
        ) from error
    magic, _, rest = content.partition(b"\n")
    digest, _, archive = rest.partition(b"\n")
    if magic != _magic(kind).encode():
        shown = magic[:40].decode("utf-8", "replace")
        raise _damaged(path, kind, f"it begins with {shown!r} where a {kind} begins with {_magic(kind)!r}")
    if hashlib.sha256(archive).hexdigest().encode() != digest:
        raise _damaged(path, kind, "its content does not have the SHA-256 it was written with: cut short, or changed")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            header = json.loads(members.read("header.json"))
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(members.read(name)), allow_pickle=False)
                for name in members.namelist()
                if name.endswith(".npy")
            }
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise _damaged(path, kind, f"{type(error).__name__}: {error}") from error
    return header, arrays


def _add(members: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed date: the same content is the same file.
    members.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)


def _magic(kind: str) -> str:
    return f"sharpbits {kind} {FORMAT}"


def _damaged(path: Path, kind: str, why: str) -> DamagedFileError:
    return DamagedFileError(
        f"this is not an intact {kind}",
        why=why,
        resolution="restore it from a copy, or write it again",
        path=path,
    )
