"""The errors of phase-type graphs, in the shape of :mod:`sharpbits.errors`: what was expected, and what was found."""

from __future__ import annotations

import reprlib

from sharpbits.errors import DamagedFileError, SharpbitsError, UsageError

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


class MissingVertexError(GraphError, RuntimeError):
    """An edge of a document leads to a vertex that the document does not have."""


class ParameterError(SharpbitsError, ValueError):
    """Parameters that a graph cannot take: of the wrong number, not finite, or giving weights that are none."""


class TraceError(SharpbitsError, ValueError):
    """An elimination or a trace is malformed, incomplete, or of another graph."""


class UnknownStateError(UsageError, LookupError):
    """A graph has no such state."""


class RecordingError(SharpbitsError, RuntimeError):
    """An elimination could not be recorded, or whoever recorded it was lost."""


class IncompleteResultsError(SharpbitsError, ValueError):
    """Not everything that was sent out to be recorded came back, or something else did."""


class UnknownStrategyError(UsageError, ValueError):
    """There is no such strategy."""


class MissingPackageError(UsageError, ImportError):
    """A strategy needs a package that is not installed."""


class DevicesError(SharpbitsError, RuntimeError):
    """A strategy needs more devices than there are."""


class CacheError(SharpbitsError, RuntimeError):
    """Two structures have one name in the cache, a file of it cannot be read, or it is locked for too long."""


class CacheFolderError(SharpbitsError, PermissionError):
    """The folder of the cache cannot be made, or may not be written to."""


class DamagedTraceError(DamagedFileError, RuntimeError):
    """A file of the cache is not what was written: cut short, or changed."""
