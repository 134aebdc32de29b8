"""The absence of a package that an extra would have installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sharpbits.errors import SharpbitsError, UsageError


def missing_extra(
    what: str, why: str, extra: str, *, needs: str = "", kind: type[SharpbitsError] = UsageError
) -> SharpbitsError:
    """Return the error that says which extra has what is missing.

    Parameters
    ----------
    what, why
        What cannot be done, and what is missing for it.
    extra
        Of sharpbits, to install.
    needs
        What the machine must have besides, e.g. ``"on a machine with an NVIDIA GPU"``.
    kind
        The kind of error.
    """
    return kind(what, why=why, resolution=f"pip install 'sharpbits[{extra}]'" + (f", {needs}" if needs else ""))


@contextmanager
def needs_extra(what: str, extra: str, *, kind: type[SharpbitsError] = UsageError) -> Iterator[None]:
    """Turn the absence of a package outside sharpbits into an error, of some kind, that says which extra has it.

    A module of our own that is missing is our mistake, and no extra brings it: that error stays as it is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "sharpbits":
            raise
        raise missing_extra(what, f"{error.name} is missing", extra, kind=kind) from error
