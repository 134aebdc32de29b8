"""An order in which the states of a chain are eliminated, and which edges that makes: component by component.

Within a strongly connected component they are those of a recorded elimination (:mod:`sharpbits.phasetype.elimination`).
Between components elimination makes none, see ``impl/native/phasetype/elimination.hpp``.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int32
from numpy import ndarray
from scipy.sparse import csr_array

from sharpbits.errors import SharpbitsError
from sharpbits.phasetype.elimination import eliminate
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.plan import Plan

#: Of the array that the kernel is given; ``EliminationPlan`` in ``elimination.hpp`` reads it.
VERSION = 1

#: More entries than this behind the elimination take gigabytes.
MOST_ENTRIES = 50_000_000


class TooManyEdgesError(SharpbitsError):
    """Elimination would take more memory than there is likely to be."""


def elimination_plan(plan: Plan) -> Int32[ndarray, " length"]:
    """Return the order and the pattern as the kernel reads them.

    Parameters
    ----------
    plan
        Of the chain.

    Raises
    ------
    TooManyEdgesError
        Elimination makes more than 50 million edges.
    """
    vertices, count = plan.vertices, plan.transient
    edges = plan.edges
    order = plan.order[:count].copy()
    components = np.flatnonzero(np.diff(plan.component[order], prepend=-1))
    bounds = np.append(components, count)
    place = np.full(vertices, -1, np.int32)
    place[order] = np.arange(count, dtype=np.int32)
    within = plan.component[edges.source] == plan.component[edges.target]
    lower = [np.zeros((2, 0), np.int32)]
    upper = [np.zeros((2, 0), np.int32)]
    entries = 0
    inner = csr_array(
        (np.ones(np.count_nonzero(within)), (place[edges.source[within]], place[edges.target[within]])), (count, count)
    )
    for begin in np.flatnonzero(np.diff(bounds) > 1):
        first, last = bounds[begin], bounds[begin + 1]
        new, below, above = _eliminated(inner[first:last, first:last])
        order[first:last] = order[first:last][new]
        lower.append(first + below)
        upper.append(first + above)
        entries += below.shape[1] + above.shape[1]
        if entries > MOST_ENTRIES:
            raise TooManyEdgesError(
                "the chain cannot be eliminated",
                why=f"a strongly connected component would fill up to more than {MOST_ENTRIES:,} edges",
                resolution="use a smaller model",
                states=int(count),
                component=int(last - first),
            )
    # Absorbing vertices are numbered behind the others.
    order = np.concatenate([order, plan.order[count:]])
    place[order] = np.arange(vertices, dtype=np.int32)
    begin, end = place[edges.source], place[edges.target]
    ends = end >= count
    between = ~within & ~ends
    parts = [
        *_by_state(count, begin[within], end[within], edges.number[within]),
        *_by_state(count, begin[between], end[between], edges.number[between], edges.leaves[between]),
        *_by_state(count, begin[ends], end[ends], edges.number[ends]),
        *_by_state(count, *np.concatenate(lower, axis=1)),
        *_by_state(count, *np.concatenate(upper, axis=1)),
    ]
    header = [
        VERSION,
        vertices,
        count,
        len(components),
        plan.weights,
        np.count_nonzero(within),
        np.count_nonzero(between),
    ]
    header += [np.count_nonzero(ends), len(parts[-3]), len(parts[-1])]
    packed: Int32[ndarray, " length"] = np.concatenate([header, order, bounds, *parts]).astype(np.int32)
    packed.flags.writeable = False
    return packed


def _eliminated(edges: csr_array) -> tuple[ndarray, ndarray, ndarray]:
    """Return an order of elimination, and the pairs (state, earlier) and (state, later) that are edges behind it."""
    edges.sort_indices()
    found = eliminate(Pattern(edges.indptr, edges.indices))
    places = np.arange(found.size)
    return (
        found.order,
        np.stack([np.repeat(places, np.diff(found.lower_offsets)), found.lower]),
        np.stack([np.repeat(places, np.diff(found.upper_offsets)), found.upper]),
    )


def _by_state(count: int, state: ndarray, *columns: ndarray) -> list[ndarray]:
    """Return offsets, and the columns sorted by state and then by the first of them."""
    order = np.lexsort((columns[0], state))
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(state, minlength=count), out=offsets[1:])
    return [offsets, *(column[order] for column in columns)]
