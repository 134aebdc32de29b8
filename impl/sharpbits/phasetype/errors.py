"""The errors of phase-type graphs, in the shape of :mod:`sharpbits.errors`: what was expected, and what was found."""

from __future__ import annotations

import reprlib

from sharpbits.errors import SharpbitsError, UsageError

_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxtuple = _short.maxlist = _short.maxdict = 8
_short.maxstring = _short.maxother = 80


def shown(value: object) -> str:
    """Write a value of any size in a few words, on one line.

    >>> shown(2**40), shown("a" * 1000)[:12], shown((1, 2))
    ('1099511627776', "'aaaaaaaaaaa", '(1, 2)')
    """
    try:
        return " ".join(_short.repr(value).split())
    except ValueError:  # a whole number of more digits than Python writes
        return f"a very large {type(value).__name__}"


class GraphError(SharpbitsError, ValueError):
    """A graph, or a document of one, is malformed.

    Parameters
    ----------
    what, why, resolution, context
        As :class:`~sharpbits.errors.SharpbitsError` has them.
    expected, actual
        The rule in words or numbers, and what stands in its place.
    """

    def __init__(
        self, what: str, *, why: str, expected: object, actual: object, resolution: str, **context: object
    ) -> None:
        super().__init__(what, why=why, resolution=resolution, expected=expected, actual=actual, **context)


class ParameterError(SharpbitsError, ValueError):
    """Parameters that a graph cannot take: of the wrong number, not finite, or giving weights that are none."""


class UnknownStateError(UsageError, LookupError):
    """A graph has no such state."""
