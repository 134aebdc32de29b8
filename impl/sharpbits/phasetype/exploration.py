"""A graph discovered from its starts by a callback that is given one state at a time.

>>> from sharpbits.phasetype import explore
>>> def coalescence(state):
...     (lineages,) = state
...     if lineages > 1:
...         yield (lineages - 1,), (0.0, [lineages * (lineages - 1) / 2])
>>> explore(coalescence, (4,), parameters=1).weights([2.0])
array([12.,  6.,  2.])

Vertices are numbered by their distance from the starts, and in lexicographic order among those of one distance: a model
is the same graph however, and in whatever order, its transitions are found.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sharpbits.phasetype import checks
from sharpbits.phasetype.assembly import MAX_STATES, Found, assemble, check_size, table
from sharpbits.phasetype.errors import GraphError, shown
from sharpbits.phasetype.given import Setting, Start, Starts, State, Weight, as_state, saying, split_weight, starts_of
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Int32

#: How many states are looked at before what they lead to is put into arrays.
BLOCK = 32

#: Given a state, the states that it moves to, and with which weights.
Step = Callable[[tuple[int, ...]], Iterable[tuple[State, Weight]]]


def explore(
    step: Step,
    start: Start,
    *,
    parameters: int = 0,
    kind: Kind = Kind.CONTINUOUS,
    weight_mode: WeightMode = WeightMode.LINEAR,
    max_states: int = MAX_STATES,
) -> Graph:
    """Return the graph of all states that a callback leads to.

    Cost: one call a state, and about a microsecond an edge besides.

    Parameters
    ----------
    step
        Given a state, returns ``[(state, weight), …]``: where it moves to. A weight is a number, or
        ``(base, coefficients)``. A weight of 0 is no transition; two to the same state add up.
    start
        A state, or ``{state: weight}`` for several.
    parameters
        Their number, p.
    kind, weight_mode
        As :class:`Graph` has them.
    max_states
        Where to give up.

    Raises
    ------
    GraphError
        What the callback returns is malformed, or leads to more than ``max_states`` states.

    Examples
    --------
    ::

        from sharpbits.phasetype import explore


        def waiting(rate):
            def step(state):
                return [((0,), rate)] if state == (1,) else []

            return step


        for rate in (1.0, 2.0, 4.0):
            print(*explore(waiting(rate), (1,)).weights())  # the rate
    """
    setting = Setting(parameters, kind, weight_mode)
    starts = starts_of(start, setting)
    return assemble(_found(step, starts, setting, max_states), starts, setting)


def _found(step: Step, starts: Starts, setting: Setting, max_states: int) -> Found:
    # A state that is looked up for the first time gets the next number.
    vertex_of: defaultdict[State, int] = defaultdict(itertools.count().__next__)
    frontier = starts.states
    for state in frontier:
        vertex_of[state]
    states, levels = [np.array(frontier, dtype=np.int32)], [len(frontier)]
    edges: list[_Edges] = []
    first = 0
    while frontier:
        discovered: list[tuple[int, ...]] = []
        for at in range(0, len(frontier), BLOCK):
            found = _called(step, frontier[at : at + BLOCK])
            base, coefficients = _weights(found, setting.parameters)
            kept = ~setting.zeros(base, coefficients)
            known = len(vertex_of)
            vertices = _vertices(vertex_of, found, kept)
            named, rows = _new_states(list(itertools.islice(reversed(vertex_of), len(vertex_of) - known))[::-1], found)
            discovered += named
            states.append(rows)
            source = found.row[kept] + np.int32(first + at)
            edges.append(_Edges(source, vertices, base[kept], coefficients[kept]))
            check_size(len(vertex_of), max_states)
        first += len(frontier)
        frontier = discovered
        levels.append(len(frontier))
    source, target, base, coefficients = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    return Found(np.concatenate(states), levels, source, target, base, coefficients)


class _Edges(NamedTuple):
    source: Int32[np.ndarray, " e"]
    target: Int32[np.ndarray, " e"]
    base: Float64[np.ndarray, " e"]
    coefficients: Float64[np.ndarray, "e p"]


@dataclass(frozen=True)
class _Transitions:
    """What the callback returned for a block of states; row says for which of them."""

    block: Sequence[tuple[int, ...]]
    row: Int32[np.ndarray, " e"]
    targets: list[State]
    weights: list[Weight]

    def saying(self, place: int) -> AbstractContextManager[None]:
        """Add to an error which transition it is about."""
        return saying(source=self.block[self.row[place]], target=self.targets[place])


def _called(step: Step, block: Sequence[tuple[int, ...]]) -> _Transitions:
    counts: list[int] = []
    targets: list[State] = []
    weights: list[Weight] = []
    for state in block:
        before = len(targets)
        try:
            given = step(state)
            for transition in given if isinstance(given, Iterable) else [given]:
                try:
                    target, weight = transition
                except (TypeError, ValueError):
                    raise _no_transition(transition, state) from None
                targets.append(target)
                weights.append(weight)
        except GraphError:
            raise
        except Exception as error:
            error.add_note(f"raised by the callback of explore, given the state {shown(state)}")
            raise
        counts.append(len(targets) - before)
    return _Transitions(block, np.repeat(np.arange(len(block), dtype=np.int32), counts), targets, weights)


def _no_transition(given: object, state: tuple[int, ...]) -> GraphError:
    return GraphError(
        checks.WHAT,
        why="the callback returns no transitions",
        expected="(state, weight) for each",
        actual=shown(given),
        resolution="return a list of (state, weight), or yield them",
        source=shown(state),
    )


def _weights(found: _Transitions, parameters: int) -> tuple[Float64[np.ndarray, " e"], Float64[np.ndarray, "e p"]]:
    """Return bases and coefficients: all at once where they are plain, which is five times faster, or one by one."""
    plain = _plain_weights(found.weights, parameters)
    if plain is not None:
        return plain
    bases, coefficients = [], []
    for place, weight in enumerate(found.weights):
        with found.saying(place):
            base, along = split_weight(weight, parameters)
        bases.append(base)
        coefficients.append(along)
    return np.array(bases, dtype=np.float64), table(coefficients, parameters)


def _plain_weights(
    weights: list[Any], parameters: int
) -> tuple[Float64[np.ndarray, " e"], Float64[np.ndarray, "e p"]] | None:
    """Return bases and coefficients if all weights are numbers, or all are tuples of two, and sound; else None."""
    if set(map(type, weights)) == {tuple} and set(map(len, weights)) == {2}:
        bases, alongs = zip(*weights, strict=True)
        if not set(map(type, alongs)) <= {tuple, list, np.ndarray} or set(map(len, alongs)) != {parameters}:
            return None
        flat = list(itertools.chain.from_iterable(alongs))
    else:
        bases, flat = tuple(weights), [0.0] * (len(weights) * parameters)
    try:
        base, coefficients = np.array(bases), np.array(flat)
    except (ValueError, OverflowError):  # sequences of different lengths among them, a number that no array has
        return None
    shapes = (base.shape, coefficients.shape) == ((len(weights),), (len(weights) * parameters,))
    if not shapes or base.dtype.kind not in "iuf" or coefficients.dtype.kind not in "iuf":
        return None
    if not (np.isfinite(base).all() and np.isfinite(coefficients).all()):
        return None
    return base.astype(np.float64), coefficients.astype(np.float64).reshape(len(weights), parameters)


def _vertices(
    vertex_of: defaultdict[State, int], found: _Transitions, kept: Bool[np.ndarray, " e"]
) -> Int32[np.ndarray, " k"]:
    """Return the vertices of the targets that are kept."""
    targets = found.targets if kept.all() else list(itertools.compress(found.targets, kept.tolist()))
    try:
        vertices = list(map(vertex_of.__getitem__, targets))
    except TypeError:  # a list, say, has no hash
        vertices = []
        for place in np.flatnonzero(kept):
            with found.saying(int(place)):
                vertices.append(vertex_of[as_state(found.targets[place], length=len(found.block[0]))])
    return np.array(vertices, dtype=np.int32)


def _new_states(states: list[Any], found: _Transitions) -> tuple[list[tuple[int, ...]], Int32[np.ndarray, "k d"]]:
    """Return states as tuples of int, and as rows."""
    length = len(found.block[0])
    rows = _plain_states(states, length)
    if rows is None:
        named = []
        for state in states:
            with found.saying(next(at for at, target in enumerate(found.targets) if target is state)):
                named.append(as_state(state, length=length))
        rows = np.array(named, dtype=np.int32).reshape(len(named), length)
    return list(map(tuple, rows.tolist())), rows


def _plain_states(states: list[Any], length: int) -> Int32[np.ndarray, "k d"] | None:
    """Return states as rows if all are of so many whole numbers of 32 bits; else None."""
    try:
        rows = np.array(states) if states else np.zeros((0, length), dtype=np.int32)
    except (ValueError, OverflowError):  # they are of different lengths
        return None
    if rows.dtype.kind not in "iu" or rows.shape != (len(states), length):
        return None
    narrow = rows.astype(np.int32)
    return narrow if (narrow == rows).all() else None
