"""The work of every strategy: a pattern's document in, an outcome in bytes out, on whatever machine.

An outcome is a byte that says whether it was done, the SHA-256 of the document, and the elimination's bytes or a JSON
document of the error with its stack trace. It never raises, so an error travels as a result does, through any mapping.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Sequence

from sharpbits.errors import SharpbitsError
from sharpbits.phasetype.elimination import Elimination, eliminate
from sharpbits.phasetype.errors import (
    GraphError,
    IncompleteResultsError,
    MissingVertexError,
    RecordingError,
    TraceError,
)
from sharpbits.phasetype.pattern import Pattern

_DONE, _FAILED = b"\0", b"\1"
_PREFIX = 1 + 32

#: Errors that travel as what they are.
_KINDS = {kind.__name__: kind for kind in (GraphError, MissingVertexError, RecordingError)}


def record_document(document: bytes) -> bytes:
    """Return the outcome of recording the pattern of a document."""
    name = hashlib.sha256(document).digest()
    details = {"document": f"{len(document)} bytes"}
    try:
        pattern = Pattern.from_document(document)
        details = {"vertices": f"{pattern.size}", "edges": f"{pattern.edges}"}
        return _DONE + name + eliminate(pattern).to_bytes()
    except GraphError as error:
        return _FAILED + name + _described(error)
    except Exception as error:
        failure = RecordingError(
            "the elimination could not be recorded",
            why=f"{type(error).__name__}: {error}",
            resolution="see the stack trace of the worker; a smaller graph, or more memory, may help",
            **details,
        )
        failure.__cause__ = error
        return _FAILED + name + _described(failure)


def record_documents(documents: Sequence[bytes]) -> list[bytes]:
    """Return the outcome of each."""
    return [record_document(document) for document in documents]


def settled(outcome: object, pattern: Pattern, strategy: str, place: str) -> Elimination:
    """Return the elimination that an outcome is, complete for its pattern.

    Parameters
    ----------
    pattern
        Whose document was sent.
    strategy, place
        How, and which of how many: for the error.

    Raises
    ------
    SharpbitsError
        The error of the worker, of its type, with its stack trace as a note.
    IncompleteResultsError
        It is no outcome, one that cannot be read, or that of another document.
    """
    sent = {"strategy": strategy, "unit": place, "pattern": f"{pattern!r}", "hash": pattern.key[:16]}
    if not isinstance(outcome, bytes) or len(outcome) < _PREFIX or outcome[:1] not in (_DONE, _FAILED):
        raise incomplete("what came back is no outcome", sent)
    if outcome[1:_PREFIX].hex() != pattern.key:
        raise incomplete("what came back is the outcome of another document", sent)
    content = outcome[_PREFIX:]
    if outcome[:1] == _FAILED:
        raise _restored(content, sent)
    try:
        found = Elimination.from_bytes(content)
        found.check(pattern)
    except TraceError as error:
        raise incomplete(error.why, sent) from error
    return found


def incomplete(why: str, sent: dict[str, str]) -> IncompleteResultsError:
    """Return the error of results that are not all there."""
    return IncompleteResultsError(
        "the recorded eliminations are incomplete",
        why=why,
        resolution="run again; if it stays so, use strategy='sequential' and report it",
        **sent,
    )


def _described(error: SharpbitsError) -> bytes:
    document = {
        "type": type(error).__name__,
        "what": error.what,
        "why": error.why,
        "resolution": error.resolution,
        "context": {name: str(value) for name, value in error.context.items()},
        "traceback": "".join(traceback.format_exception(error)),
    }
    return json.dumps(document).encode()


def _restored(content: bytes, sent: dict[str, str]) -> SharpbitsError:
    """Return the error that a worker described."""
    try:
        told = json.loads(content)
        error: SharpbitsError = _KINDS[told["type"]](
            told["what"], why=told["why"], resolution=told["resolution"], **told["context"] | sent
        )
        note = f"In the worker:\n{told['traceback']}"
    except (ValueError, KeyError, TypeError) as unreadable:
        return incomplete(f"what came back says that it failed, and not how: {unreadable!r}", sent)
    error.add_note(note)
    return error
