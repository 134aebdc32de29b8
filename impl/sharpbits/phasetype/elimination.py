"""The elimination of a pattern: in which order its vertices go, and what that does to the rows that remain.

>>> from sharpbits.phasetype.pattern import Pattern
>>> ring = Pattern.of([(0, 1), (1, 2), (2, 3), (3, 0)], size=4)
>>> eliminate(ring).order.tolist()
[0, 1, 2, 3]

**Order.** Markowitz's (Management Science 3 (1957) 255): next goes the vertex with the least ``parents · children`` of
those that remain, which bounds the edges that its going adds; of equals the one of least number, so that equal patterns
have equal eliminations, to the byte. It is minimum degree for patterns that are not symmetric, as chains are not. A
vertex without parents or without children costs nothing: a chain without cycles is taken in a topological order, and no
edge is ever added. On a cyclic one few are, and to find the order costs about what one replay costs.

**Operations.** A place is a position in the order. When the row of place p is due, for each k of its ``lower`` places:
``l = w[p,k] / out[k]``, and for each j of the ``upper`` places of k: ``w[p,j] += l · w[k,j]``; then ``out[p]`` is the
sum of what row p has left: its ``upper`` places and the exit. Nothing is ever subtracted (Grassmann, Taksar, Heyman,
Operations Research 33 (1985) 1107).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.errors import TraceError, shown
from sharpbits.phasetype.pattern import Pattern

if TYPE_CHECKING:
    from jaxtyping import Int, Int32, Int64

_MAGIC = b"sharpbits elimination 1\n"
_TYPES = {
    "order": np.int32,
    "lower_offsets": np.int64,
    "lower": np.int32,
    "upper_offsets": np.int64,
    "upper": np.int32,
}
_WHAT = "this is no elimination"

#: What a kernel finds wrong, and the rule.
_FAULTS = {
    kernel.BLOCKS: ("its blocks do not fit", "blocks that rise from 0 to the number of places"),
    kernel.OFFSETS: ("its offsets do not fit", "offsets that rise from 0 to the number of entries"),
    kernel.ORDER: ("its order is none", "vertices of the graph, each once"),
    kernel.SEQUENCE: (
        "its places are out of order",
        "lower places before and upper places behind their row, ascending, in its block",
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class Elimination:
    """The operations of an elimination in flat arrays, checked and read-only.

    Attributes
    ----------
    order
        The vertex at each place.
    lower_offsets, lower
        For each place the places before it whose rows are added to its own, ascending.
    upper_offsets, upper
        For each place the places behind it that its row still leads to when it is due, ascending.
    """

    order: Int32[np.ndarray, " size"]
    lower_offsets: Int64[np.ndarray, " size+1"]
    lower: Int32[np.ndarray, " lower"]
    upper_offsets: Int64[np.ndarray, " size+1"]
    upper: Int32[np.ndarray, " upper"]

    def __post_init__(self) -> None:
        for name, dtype in _TYPES.items():
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        check_places(self.places(), vertices=self.size, blocks=np.array([0, self.size], dtype=np.int64))

    def places(self) -> kernel.Places:
        """Return the arrays as the kernel has them."""
        return kernel.Places(self.order, self.lower_offsets, self.lower, self.upper_offsets, self.upper)

    @property
    def size(self) -> int:
        """The number of vertices."""
        return len(self.order)

    @functools.cached_property
    def operations(self) -> int:
        """The number of multiplications and additions ``w[p,j] += l · w[k,j]`` of one replay; exits not counted."""
        return int(np.diff(self.upper_offsets)[self.lower].sum())

    def check(self, pattern: Pattern) -> None:
        """Make sure that these operations eliminate a pattern: that none is missing. Cost: that of one replay.

        Raises
        ------
        TraceError
            They are of another pattern, or incomplete.
        """
        row: int | None = 0
        if pattern.size == self.size:
            blocks = np.array([0, self.size], dtype=np.int64)
            row = kernel.first_incomplete_row(pattern.offsets, pattern.targets, blocks, self.places())
        if row is not None:
            raise TraceError(
                "the elimination is incomplete",
                why=f"it lacks operations of place {row}, or is of another pattern",
                resolution="record it again",
                pattern=f"{pattern!r}, {pattern.key[:16]}",
                elimination=f"of {self.size} vertices",
            )

    def to_bytes(self) -> bytes:
        """Return the arrays as bytes; equal eliminations have equal bytes, on every machine."""
        sizes = np.array([self.size, len(self.lower), len(self.upper)], dtype="<i8")
        arrays = (array.astype(array.dtype.newbyteorder("<"), copy=False) for array in self.places())
        return b"".join([_MAGIC, sizes.tobytes(), *(array.tobytes() for array in arrays)])

    @classmethod
    def from_bytes(cls, content: bytes) -> Elimination:
        """Return the elimination that bytes are of.

        Raises
        ------
        TraceError
            They are of something else, cut short, or no elimination.
        """
        start = len(_MAGIC)
        if content[:start] != _MAGIC or len(content) < start + 24:
            raise _refused("the bytes do not begin as those of one do", _MAGIC + b"...", content[: start + 24])
        size, lower, upper = (int(one) for one in np.frombuffer(content, "<i8", 3, start))
        counts = {
            "order": size,
            "lower_offsets": size + 1,
            "lower": lower,
            "upper_offsets": size + 1,
            "upper": upper,
        }
        expected = start + 24 + sum(np.dtype(_TYPES[name]).itemsize * count for name, count in counts.items())
        if min(size, lower, upper) < 0 or len(content) != expected:
            raise _refused("the bytes are cut short, or too many", f"{expected} bytes", f"{len(content)} bytes")
        arrays, at = [], start + 24
        for name, count in counts.items():
            dtype = np.dtype(_TYPES[name]).newbyteorder("<")
            arrays.append(np.frombuffer(content, dtype, count, at))
            at += dtype.itemsize * count
        return cls(*arrays)

    def __eq__(self, other: object) -> bool:
        """Tell whether both are the same operations in the same order."""
        if not isinstance(other, Elimination):
            return NotImplemented
        return all(map(np.array_equal, self.places(), other.places()))

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return (
            f"Elimination({self.size:,} vertices, {len(self.lower):,} lower and {len(self.upper):,} upper entries, "
            f"{self.operations:,} operations)"
        )


def eliminate(pattern: Pattern, *, order: Int[npt.NDArray[Any], " size"] | None = None) -> Elimination:
    """Record the elimination of a pattern. Cost: of the order of one replay; memory: of the order of what it returns.

    Parameters
    ----------
    order
        The vertices in the order in which they go; left out: Markowitz's.

    Raises
    ------
    TraceError
        The order does not have each vertex once.
    """
    wanted = None
    if order is not None:
        wanted = np.array(order)
        if wanted.ndim != 1 or not np.array_equal(np.sort(wanted), np.arange(pattern.size)):
            raise _refused("the order is no order", f"each of 0 to {pattern.size - 1} once", shown(wanted.tolist()))
        wanted = wanted.astype(np.int32)
    return Elimination(*kernel.record(pattern.offsets, pattern.targets, wanted))


def check_edges(offsets: Int64[np.ndarray, " n+1"], targets: Int32[np.ndarray, " m"]) -> int:
    """Refuse edges in compressed rows that the kernel cannot trust; return how many vertices there are."""
    if offsets.ndim != 1 or targets.ndim != 1 or not len(offsets):
        raise _refused(
            "its edges have the wrong shapes", "(n + 1,) offsets, (m,) targets", (offsets.shape, targets.shape)
        )
    fault = kernel.unsound_pattern(offsets, targets.astype(np.int64))
    if fault is not None and fault[0] in (kernel.OFFSETS, kernel.RANGE):
        raise _refused("its edges do not fit", f"offsets that rise to {len(targets)}, targets that are vertices", fault)
    return len(offsets) - 1


def check_places(places: kernel.Places, *, vertices: int, blocks: Int64[np.ndarray, " blocks+1"]) -> None:
    """Refuse arrays that the kernel cannot trust: lengths, ranges, ascending places, all within their block."""
    size = len(places.order)
    if any(array.ndim != 1 for array in places) or {len(places.lower_offsets), len(places.upper_offsets)} != {size + 1}:
        raise _refused("its arrays do not fit one another", f"rows for {size} places", [one.shape for one in places])
    if not len(blocks):
        raise _refused("it has no blocks", "at least the beginning of one", "none")
    fault = kernel.unsound(vertices, blocks, places)
    if fault is not None:
        why, expected = _FAULTS[fault[0]]
        raise _refused(why, expected, f"others, at place {fault[1]}")


def _refused(why: str, expected: object, actual: object) -> TraceError:
    return TraceError(
        _WHAT,
        why=why,
        resolution="record it again: what is stored or was sent was changed, or is of another version",
        expected=shown(expected),
        actual=shown(actual),
    )
