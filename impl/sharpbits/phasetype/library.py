"""The compiled library of this package (``impl/native/phasetype``), loaded when it is first used."""

from __future__ import annotations

import functools

from sharpbits import native

LIBRARY = "libsharpbits_phasetype"

_TARGETS = (
    *(f"sharpbits_phasetype_{what}_{bits}" for what in ("value", "value_kept", "pull_back") for bits in ("f32", "f64")),
    *(f"sharpbits_phasetype_resolve_{bits}" for bits in ("f32", "f64", "c64", "c128")),
)


@functools.cache
def load() -> None:
    """Load the library and register its functions with JAX; done once.

    Raises
    ------
    SharpbitsError
        JAX is too old for it, or sharpbits was installed without compiling it.
    """
    from sharpbits import phasetype

    native.load(phasetype, LIBRARY, _TARGETS)
