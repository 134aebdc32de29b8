"""The compiled recording and replay (``impl/native/phasetype/elimination*``), called through ctypes.

It is a plain shared library without a dependency on Python, so a call releases the interpreter's lock: recordings in
several threads run side by side. Arrays are checked by who calls this; here they only get the types that C expects.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sharpbits.errors import SharpbitsError
from sharpbits.native import find

_LIBRARY = "libsharpbits_elimination"

#: What a call returns (``impl/native/phasetype/elimination.cpp``).
_NO_MEMORY = 1

#: What becomes of one θ: it is done, its weights are none, or (from 0 on) the number of a vertex that is never left.
DONE, REFUSED = -1, -2

#: The terms of a right-hand side (``elimination_replay.hpp``).
PRODUCT, STEP_PRODUCT, SQUARE_FIELD = 0, 1, 2

#: What can be wrong with arrays (``elimination_check.hpp``).
OFFSETS, RANGE, SEQUENCE, ORDER, BLOCKS = 1, 2, 3, 4, 5

#: Lists of operations (``elimination_list.hpp``).
ELIMINATE, SOLVE, SOLVE_TRANSPOSED = 0, 1, 2

#: Those that there are kernels for.
INSTRUCTION_SETS = ("best", "baseline", "avx2", "avx512")

_Array = npt.NDArray[Any]


class Places(NamedTuple):
    """An elimination in flat arrays, as the kernel returns it: see :class:`~sharpbits.phasetype.Elimination`."""

    order: _Array
    lower_offsets: _Array
    lower: _Array
    upper_offsets: _Array
    upper: _Array


class _Struct(ctypes.Structure):
    """Numbers and arrays in the order of its fields; it keeps the arrays alive."""

    def __init__(self, *values: _Array | int | None) -> None:
        self._kept = values
        super().__init__(*(value.ctypes.data if isinstance(value, np.ndarray) else value for value in values))


def _struct(name: str, *fields: str) -> type[_Struct]:
    """Return a struct; a field whose name ends with ``*`` is an array, another one a number of 64 bits."""
    layout = [(one.rstrip("*"), ctypes.c_void_p if one.endswith("*") else ctypes.c_int64) for one in fields]
    return type(name, (_Struct,), {"_fields_": layout})


_Pattern = _struct("_Pattern", "size", "offsets*", "targets*")
_Tape = _struct(
    "_Tape",
    *("vertices", "edges", "places", "blocks", "edge_offsets*", "edge_place*", "order*"),
    *("block_offsets*", "lower_offsets*", "lower*", "upper_offsets*", "upper*"),
)
_Weights = _struct(
    "_Weights", "batch", "parameters", "log_linear", "base*", "coefficients*", "theta*", "given*"
)  # fmt: skip
_Program = _struct(
    "_Program", "solves", "discrete", "outputs", "term_offsets*", "terms*", "multipliers*", "output_place*"
)
_Results = _struct("_Results", "values*", "status*")
_Operations = _struct("_Operations", "to*", "a*", "b*", "level*")
_Finding = _struct("_Finding", "fault", "where")


@functools.cache
def _library() -> ctypes.CDLL:
    """Load the library, once."""
    import sharpbits.phasetype

    return ctypes.CDLL(str(find(sharpbits.phasetype, _LIBRARY)))


def _call(name: str, *arguments: Any) -> int:
    passed = (ctypes.byref(one) if isinstance(one, _Struct) else one for one in arguments)
    outcome: int = getattr(_library(), f"sharpbits_elimination_{name}")(*passed)
    if outcome == _NO_MEMORY:
        raise MemoryError(f"no memory to {name} an elimination")
    return outcome


def _pointer(array: _Array | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


def record(offsets: _Array, targets: _Array, order: _Array | None = None) -> Places:
    """Record the elimination of a pattern in compressed rows, in an order or in Markowitz's.

    Parameters
    ----------
    offsets, targets
        int64 ``[size + 1]`` and int32, ascending within a row.
    order
        int32 ``[size]``, a permutation.
    """
    size = len(offsets) - 1
    handle, lower, upper = ctypes.c_void_p(), ctypes.c_int64(), ctypes.c_int64()
    pattern = _Pattern(size, offsets, targets)
    _call("record", pattern, _pointer(order), ctypes.byref(handle), ctypes.byref(lower), ctypes.byref(upper))
    found = Places(
        np.empty(size, np.int32),
        np.empty(size + 1, np.int64),
        np.empty(lower.value, np.int32),
        np.empty(size + 1, np.int64),
        np.empty(upper.value, np.int32),
    )
    _call("take", handle, *map(_pointer, found))
    return found


def tape(edge_offsets: _Array, edge_place: _Array, blocks: _Array, places: Places) -> _Struct:
    """Return a trace as the kernel takes it; but for :func:`unsound`, the kernel trusts the arrays."""
    return _Tape(
        len(edge_offsets) - 1,
        len(edge_place),
        len(places.order),
        len(blocks) - 1,
        edge_offsets,
        edge_place,
        places.order,
        blocks,
        places.lower_offsets,
        places.lower,
        places.upper_offsets,
        places.upper,
    )


def unsound_pattern(offsets: _Array, targets: _Array) -> tuple[int, int] | None:
    """Return what is wrong with a pattern, both arrays int64: one of the faults, and the edge; or None."""
    finding = _Finding(0, 0)
    edges = ctypes.c_int64(len(targets))
    _call("check_pattern", ctypes.c_int64(len(offsets) - 1), _pointer(offsets), _pointer(targets), edges, finding)
    return (finding.fault, finding.where) if finding.fault else None


def unsound(vertices: int, blocks: _Array, places: Places) -> tuple[int, int] | None:
    """Return what is wrong with arrays of the right types and lengths: one of the faults, and the place; or None."""
    finding = _Finding(0, 0)
    given = _Tape(vertices, 0, len(places.order), len(blocks) - 1, None, None, places.order, blocks, *places[1:])
    _call("check_tape", given, ctypes.c_int64(len(places.lower)), ctypes.c_int64(len(places.upper)), finding)
    return (finding.fault, finding.where) if finding.fault else None


def first_incomplete_row(offsets: _Array, targets: _Array, blocks: _Array, places: Places) -> int | None:
    """Return the first place whose operations are not all that the pattern needs, or None."""
    row = ctypes.c_int64()
    pattern = _Pattern(len(offsets) - 1, offsets, targets)
    _call("check_complete", pattern, tape(offsets, targets, blocks, places), ctypes.byref(row))
    return None if row.value < 0 else row.value


class Listing(NamedTuple):
    """Operations ``value[to] += value[a] · value[b]``, or with b = -1 ``value[to] = 1 / value[a]``, one by one.

    Those of one level do not depend on one another. There are ``numbers`` values; what they are, and which a and b are
    of the elimination or of the solution: ``elimination_list.hpp``.
    """

    to: _Array
    a: _Array
    b: _Array
    level: _Array
    numbers: int


def listing(trace: _Struct, what: int) -> Listing:
    """Return the operations that eliminate, solve, or solve the transposed system, written out."""
    count, numbers = ctypes.c_int64(), ctypes.c_int64()
    _call("list", trace, ctypes.c_int64(what), None, None, ctypes.byref(count), ctypes.byref(numbers))
    to, a, b, level = (np.empty(count.value, np.int32) for _ in range(4))
    found = Listing(to, a, b, level, numbers.value)
    levels = np.zeros(numbers.value, np.int32)
    operations = _Operations(to, a, b, level)
    _call(
        "list",
        trace,
        ctypes.c_int64(what),
        operations,
        _pointer(levels),
        ctypes.byref(count),
        ctypes.byref(numbers),
    )
    return found


def sorted_topologically(offsets: _Array, targets: _Array, component: _Array, components: int) -> _Array:
    """Return the number of each vertex' component, renumbered so that edges lead to the same or a later one."""
    renumbered = np.array(component, dtype=np.int32)
    pattern = _Pattern(len(offsets) - 1, offsets, targets)
    if _call("sort", pattern, ctypes.c_int64(components), _pointer(renumbered)):
        raise ValueError("components lead in a circle: they are not the strongly connected ones")
    return renumbered


class Batch(NamedTuple):
    """Weights for a batch of θ: from base ``[m]``, coefficients ``[m, p]`` and θ ``[B, p]``, or given ``[B, m]``."""

    base: _Array | None = None
    coefficients: _Array | None = None
    theta: _Array | None = None
    log_linear: bool = False
    given: _Array | None = None


def replay(
    trace: _Struct,
    batch: Batch,
    terms: Sequence[Sequence[tuple[int, int, int, int, int]]],
    multipliers: _Array,
    outputs: _Array,
    *,
    discrete: bool,
    threads: int,
    instruction_set: str = "best",
) -> tuple[_Array, _Array]:
    """Solve for each θ of a batch, one right-hand side after another.

    Parameters
    ----------
    terms
        For each solution the terms of its right-hand side: what, two columns of the multipliers, two earlier
        solutions; -1 for none.
    multipliers
        float64 ``[columns, n]``.
    outputs
        int32: the places whose solutions are wanted.
    instruction_set
        One of :data:`INSTRUCTION_SETS`; the result is the same, to the bit.

    Returns
    -------
    float64 ``[B, solves, outputs]`` and int64 ``[B]``: :data:`DONE`, :data:`REFUSED`, or a vertex that is never left.
    """
    source = batch.given if batch.given is not None else batch.theta
    assert source is not None  # noqa: S101
    size = len(source)
    parameters = 0 if batch.theta is None else batch.theta.shape[1]
    lengths = np.array([0, *map(len, terms)], dtype=np.int64)
    flat = np.array([term for one in terms for term in one], dtype=np.int64).reshape(-1, 5)
    values = np.empty((size, len(terms), len(outputs)))
    status = np.empty(size, np.int64)
    outcome = _call(
        "replay",
        trace,
        _Weights(size, parameters, batch.log_linear, batch.base, batch.coefficients, batch.theta, batch.given),
        _Program(len(terms), discrete, len(outputs), np.cumsum(lengths), flat, multipliers, outputs),
        _Results(values, status),
        ctypes.c_int64(threads),
        ctypes.c_int64(INSTRUCTION_SETS.index(instruction_set)),
    )
    if outcome:
        raise SharpbitsError(
            "the elimination cannot be replayed",
            why=f"this processor has no {instruction_set}",
            resolution="use another instruction set, or the best that it has",
        )
    return values, status
