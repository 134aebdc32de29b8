"""The absence of a package that an extra would have installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Turn the absence of a package outside sharpbits into an error that says which extra has it."""
    try:
        yield
    except ModuleNotFoundError as error:
        from sharpbits.errors import UsageError

        raise UsageError(
            what, why=f"{error.name} is missing", resolution=f"pip install 'sharpbits[{extra}]'"
        ) from error
