"""The compiled kernels of a package, behind JAX's foreign function interface: CPUs only.

Each is a plain shared library without a dependency on Python, loaded when it is first used (``impl/native``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from sharpbits.errors import SharpbitsError

#: The oldest release whose interface has what the kernels call.
OLDEST_JAX = (0, 6, 0)


def load(package: ModuleType, library: str, targets: Iterable[str]) -> None:
    """Load the library of a package and register its functions with JAX, under their own names.

    Raises
    ------
    SharpbitsError
        JAX is too old for it, or sharpbits was installed without compiling it.
    """
    import jax

    if jax.__version_info__ < OLDEST_JAX:
        raise SharpbitsError(
            "the compiled kernel cannot be used",
            why="it needs parts of XLA's foreign function interface that this version of JAX does not have",
            resolution="install jax 0.6 or newer, or use implementation='portable'",
            jax=jax.__version__,
        )
    ffi: Any = jax.ffi  # parts of it have no types
    loaded = ctypes.CDLL(str(find(package, library)))
    for name in targets:
        ffi.register_ffi_target(name, ffi.pycapsule(getattr(loaded, name)), platform="cpu")


def find(package: ModuleType, library: str) -> Path:
    """Return the library's file: in the package's folder, or where an editable install keeps what it compiled."""
    for folder in package.__path__:
        for found in Path(folder).glob(f"{library}.*"):
            return found
    raise SharpbitsError(
        "the compiled kernel cannot be loaded",
        why=f"{library} is in none of the package's folders: it was not compiled when sharpbits was installed",
        resolution="install sharpbits with pip, which needs a C++ compiler, or use implementation='portable'",
        folders=list(package.__path__),
    )
