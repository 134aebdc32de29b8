"""The operations of a trace in levels: what does not depend on one another side by side, to be computed in arrays.

A level of many operations is cut into steps of equal width, one of few is filled up, so that all steps together are one
array, and a loop over it one small program whatever the size of the graph: a program with an operation for each of them
takes seconds to compile at a few hundred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.trace import Trace

if TYPE_CHECKING:
    from jaxtyping import Bool, Int32


class Levels(NamedTuple):
    """Steps of ``value[to] += value[a] · value[b]``, or with ``inverse`` of ``value[to] = 1 / value[a]``.

    What fills a step up is about one number more, behind all others, which is 0 and stays so.
    """

    to: Int32[np.ndarray, "steps width"]
    a: Int32[np.ndarray, "steps width"]
    b: Int32[np.ndarray, "steps width"]
    inverse: Bool[np.ndarray, "steps width"]
    numbers: int


def levels_of(trace: Trace, what: int) -> Levels:
    """Return a list of operations (``elimination_kernel.ELIMINATE``, ``SOLVE``, ``SOLVE_TRANSPOSED``) in levels."""
    found = kernel.listing(trace.tape, what)
    spare = found.numbers
    counts = np.bincount(found.level)
    counts = counts[counts > 0]
    # As wide as a level is on average: at most half of all is filling, and a step more for each level.
    width = 1 << max(0, int(np.ceil(np.log2(max(1.0, len(found.to) / max(1, len(counts)))))))
    steps = -(-counts // width)
    order = np.argsort(found.level, kind="stable")
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    position = np.repeat((np.cumsum(steps) - steps) * width, counts) + rank

    def laid_out(values: npt.NDArray[np.int32], filling: int) -> npt.NDArray[np.int32]:
        filled = np.full(int(steps.sum()) * width, filling, dtype=np.int32)
        filled[position] = values[order]
        return filled.reshape(-1, width)

    # Filling is value[spare] += 1 · value[spare]: of the elimination, number 0 is 1.
    b = laid_out(found.b, spare)
    return Levels(laid_out(found.to, spare), laid_out(found.a, 0), np.maximum(b, 0), b < 0, found.numbers)
