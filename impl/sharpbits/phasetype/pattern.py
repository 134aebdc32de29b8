"""The sparse pattern that an elimination is recorded for: which vertex leads to which, and nothing else.

>>> pattern = Pattern.of([(0, 1), (1, 0), (1, 2), (2, 1)], size=3)
>>> pattern.document
b'{"document":"sharpbits pattern","offsets":[0,1,3,4],"size":3,"targets":[1,0,2,1],"version":1}'
>>> Pattern.from_document(pattern.document) == pattern
True

Weights, parameters and states are no part of it: an elimination is the same for all of them. Its document says all that
matters to an elimination, so two patterns that differ have different documents, and the document's SHA-256 is its name.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.errors import GraphError, MissingVertexError, shown

if TYPE_CHECKING:
    from jaxtyping import Int32, Int64

#: Of the document.
VERSION = 1

_NAME = "sharpbits pattern"
_FIELDS = ("document", "offsets", "size", "targets", "version")
_WHAT = "this is no pattern of an elimination"


@dataclass(frozen=True, eq=False)
class Pattern:
    """Vertices 0 to size - 1, and the edges between them in compressed sparse rows; none leads to its own source.

    Attributes
    ----------
    offsets
        The edges out of vertex i are those from ``offsets[i]`` to ``offsets[i + 1]``.
    targets
        Where they lead, ascending for each vertex.
    """

    offsets: Int64[np.ndarray, " size+1"]
    targets: Int32[np.ndarray, " edges"]

    def __post_init__(self) -> None:
        offsets, targets = _integers("offsets", self.offsets), _integers("targets", self.targets)
        if not len(offsets):
            raise _refused("offsets have the wrong shape", "(size + 1,)", offsets.shape)
        _check(offsets, targets)
        for name, array in (("offsets", offsets.copy()), ("targets", targets.astype(np.int32))):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def of(cls, edges: Iterable[tuple[int, int]], *, size: int) -> Pattern:
        """Return the pattern of these edges (source, target), each given once."""
        pairs = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
        return cls(np.searchsorted(pairs[:, 0], np.arange(size + 1)), pairs[:, 1])

    @property
    def size(self) -> int:
        """The number of vertices."""
        return len(self.offsets) - 1

    @property
    def edges(self) -> int:
        """The number of edges."""
        return len(self.targets)

    @functools.cached_property
    def document(self) -> bytes:
        """JSON without a free choice: equal patterns have equal documents, others have others."""
        content = {
            "document": _NAME,
            "version": VERSION,
            "size": self.size,
            "offsets": self.offsets.tolist(),
            "targets": self.targets.tolist(),
        }
        return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()

    @functools.cached_property
    def key(self) -> str:
        """The SHA-256 of the document in hexadecimal."""
        return key_of(self.document)

    @classmethod
    def from_document(cls, document: bytes) -> Pattern:
        """Return the pattern that a document is of.

        Raises
        ------
        GraphError
            It is no JSON, or no such document: a field is missing or unknown, lengths do not fit, an edge leads to a
            vertex that there is not, …
        """
        try:
            content = json.loads(document)
        except (ValueError, RecursionError) as error:
            where = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
            raise GraphError(
                _WHAT,
                why=f"it is no JSON: {error}",
                expected="a JSON object",
                actual=f"{len(document)} bytes, unreadable{where}",
                resolution="restore it from where it came from: it was cut short or changed",
            ) from error
        if not isinstance(content, dict) or tuple(sorted(content)) != _FIELDS:
            raise _refused(
                "it has not the fields of one", _FIELDS, sorted(content) if isinstance(content, dict) else content
            )
        if (content["document"], content["version"]) != (_NAME, VERSION) or isinstance(content["version"], bool):
            raise _refused(
                "it is of another kind or version", (_NAME, VERSION), (content["document"], content["version"])
            )
        size = _whole("size", content["size"])
        offsets, targets = _array("offsets", content["offsets"]), _array("targets", content["targets"])
        if len(offsets) != size + 1:
            raise _refused("offsets have the wrong shape", f"({size + 1},), of size {size}", offsets.shape)
        return cls(offsets, targets)

    def __eq__(self, other: object) -> bool:
        """Tell whether both have the same edges."""
        if not isinstance(other, Pattern):
            return NotImplemented
        return np.array_equal(self.offsets, other.offsets) and np.array_equal(self.targets, other.targets)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Pattern({self.size:,} vertices, {self.edges:,} edges)"


def key_of(document: bytes) -> str:
    """Return the name of a document: its SHA-256 in hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def _refused(why: str, expected: object, actual: object) -> GraphError:
    return GraphError(
        _WHAT,
        why=why,
        expected=expected,
        actual=shown(actual),
        resolution="restore it from where it came from: it was changed, or is of another version",
    )


def _whole(name: str, value: object) -> int:
    bound = np.iinfo(np.int32).max
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= bound:
        raise _refused(f"{name} is no count", f"a whole number from 0 to {bound}", value)
    return value


def _array(name: str, value: object) -> npt.NDArray[Any]:
    bound = np.iinfo(np.int64).max
    if not isinstance(value, list):
        raise _refused(f"{name} is no array", "a list of whole numbers", value)
    for place, one in enumerate(value):
        if type(one) is not int or not 0 <= one <= bound:
            raise _refused(f"{name} has an entry that is no index", "a whole number of at least 0", (one, place))
    return np.array(value, dtype=np.int64)


def _check(offsets: npt.NDArray[np.int64], targets: npt.NDArray[np.int64]) -> None:
    fault = kernel.unsound_pattern(offsets, targets)
    if fault is None:
        return
    size, (what, edge) = len(offsets) - 1, fault
    if what == kernel.OFFSETS:
        raise _refused(
            "offsets do not fit the targets",
            f"offsets that rise from 0 to {len(targets)}",
            f"offsets from {offsets[0]} to {offsets[-1]}",
        )
    shown_edge = f"edge {int(np.searchsorted(offsets, edge, side='right')) - 1} -> {targets[edge]}"
    if what == kernel.RANGE:
        raise MissingVertexError(
            _WHAT,
            why="an edge leads to a vertex that there is not",
            expected=f"vertices from 0 to {size - 1}",
            actual=shown_edge,
            resolution="restore it from where it came from: it was changed",
        )
    raise _refused(
        "its edges are no edges of a pattern",
        "targets that ascend for each vertex, none of them the vertex itself",
        shown_edge,
    )


def _integers(name: str, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise _refused(f"{name} is no list of whole numbers", "one dimension", f"{array.dtype} {array.shape}")
    return np.ascontiguousarray(array, dtype=np.int64)
