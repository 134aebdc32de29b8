"""Sparse patterns: drawn ones for property tests, and a few with names."""

from __future__ import annotations

from hypothesis import strategies as st

from sharpbits.phasetype.pattern import Pattern


@st.composite
def patterns(draw: st.DrawFn, max_size: int = 9) -> Pattern:
    size = draw(st.integers(0, max_size))
    vertex = st.integers(0, max(size - 1, 0))
    pairs = draw(st.sets(st.tuples(vertex, vertex), max_size=3 * size)) if size else set()
    return Pattern.of([pair for pair in pairs if pair[0] != pair[1]], size=size)


def ring(size: int) -> Pattern:
    return Pattern.of([(i, (i + 1) % size) for i in range(size)], size=size)


def both_ways(size: int) -> Pattern:
    """A path with edges both ways."""
    return Pattern.of([pair for i in range(size - 1) for pair in ((i, i + 1), (i + 1, i))], size=size)
