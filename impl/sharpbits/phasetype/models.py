"""Ready models by name, so that a first run needs no file: ``coalescent:10``, ``two-island:6``, ``mm1k:5`` and more.

>>> from sharpbits.phasetype import ready_model
>>> ready_model("block-counting:20").graph
Graph(continuous, linear: 627 states of 20 numbers, 1 absorbing, 3,545 edges, 1 parameter, 1 start; 140,284 bytes)

Sources: Kingman, "The coalescent", Stochastic Processes and their Applications 13:235 (1982); Hobolth, Siri-Jégousse,
Bladt, "Phase-type distributions in population genetics", Theoretical Population Biology 127:16 (2019), for block
counting; Notohara, "The coalescent and the genealogical process in geographically structured population", Journal of
Mathematical Biology 29:59 (1990), for islands; Kleinrock, "Queueing Systems" I, Wiley (1975), for the queue.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.errors import UsageError
from sharpbits.phasetype.assembly import MAX_STATES
from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.exploration import explore
from sharpbits.phasetype.given import State, Weight
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.vectorised import Transitions, explore_vectorised

if TYPE_CHECKING:
    from jaxtyping import Int32


@dataclass(frozen=True)
class Model:
    """A ready model.

    Attributes
    ----------
    name
        What it is asked for by.
    graph
        What it is.
    parameters
        What each θ is, in a few words.
    theta
        Parameters for a first look.
    """

    name: str
    graph: Graph
    parameters: tuple[str, ...]
    theta: tuple[float, ...]


def coalescent(lineages: int) -> Graph:
    """Return the time until n lineages have one ancestor, by their number: ``(n,)``, …, ``(1,)``.

    θ is the rate at which a given pair coalesces. n states, n - 1 edges.

    Raises
    ------
    UsageError
        n is less than 1.
    """
    _check("lineages", lineages, 1)

    def step(state: tuple[int, ...]) -> Iterator[tuple[State, Weight]]:
        (count,) = state
        if count > 1:
            yield (count - 1,), (0.0, [count * (count - 1) / 2])

    return explore(step, (lineages,), parameters=1)


def block_counting(lineages: int) -> Graph:
    """Return the time until n lineages have one ancestor, by how many blocks of 1, 2, …, n samples there are.

    θ is the rate at which a given pair coalesces. As many states, of n numbers, as n has partitions: 627 for 20,
    5,604 for 30, 37,338 for 40, 204,226 for 50.

    Raises
    ------
    UsageError
        n is less than 1.
    """
    _check("lineages", lineages, 1)

    def step(states: Int32[np.ndarray, "k n"]) -> Transitions:
        # Of each state, the sizes that it has blocks of; then each pair of these, a size with itself if it has two.
        row, size = divmod(np.flatnonzero(states.reshape(-1) > 0), states.shape[1])
        blocks = states[row, size]
        last = np.cumsum(np.bincount(row, minlength=len(states)))[row]
        begin = np.arange(len(row)) + (blocks < 2)
        pairs = last - begin
        one = np.repeat(np.arange(len(row)), pairs)
        other = np.arange(len(one)) + np.repeat(begin - (np.cumsum(pairs) - pairs), pairs)
        target = states[row[one]]
        cells, origin = target.reshape(-1), np.arange(len(one)) * states.shape[1]
        cells[origin + size[one]] -= 1
        cells[origin + size[other]] -= 1
        cells[origin + size[one] + size[other] + 1] += 1
        rate = np.where(one == other, blocks[one] * (blocks[one] - 1) / 2, blocks[one] * blocks[other])
        return Transitions(row[one], target, coefficients=rate[:, None])

    return explore_vectorised(step, (lineages, *[0] * (lineages - 1)), parameters=1)


def two_island(first: int, second: int) -> Graph:
    """Return the time until lineages sampled on two islands have one ancestor, by how many are on each: cyclic.

    θ: the rates at which a given pair coalesces on the first and on the second island, and at which a given lineage
    moves, backwards in time, from the first to the second and back. With n lineages in all, ``(n + 1)(n + 2)/2 - 1``
    states, of which ``(1, 0)`` and ``(0, 1)`` are absorbing.

    Raises
    ------
    UsageError
        A number is negative, or there is no lineage.
    """
    _check("lineages on the first island", first, 0)
    _check("lineages on the second island", second, 0)
    _check("lineages in all", first + second, 1)

    def step(states: Int32[np.ndarray, "k 2"]) -> Transitions:
        here, there = states.astype(np.float64).T
        apart = states.sum(axis=1) > 1
        rates = np.stack([here * (here - 1) / 2, there * (there - 1) / 2, here * apart, there * apart], axis=1)
        moves = np.array([(-1, 0), (0, -1), (-1, 1), (1, -1)], dtype=np.int32)
        row, move = np.nonzero(rates)
        coefficients = np.zeros((len(row), 4))
        coefficients[np.arange(len(row)), move] = rates[row, move]
        return Transitions(row, states[row] + moves[move], coefficients=coefficients)

    return explore_vectorised(step, (first, second), parameters=4)


def mm1k(capacity: int) -> Graph:
    """Return the busy period of an M/M/1/K queue: the time from one customer to none, by their number.

    θ: the rate of arrivals, and that of services. K + 1 states.

    Raises
    ------
    UsageError
        K is less than 1.
    """
    _check("capacity", capacity, 1)

    def step(state: tuple[int, ...]) -> Iterator[tuple[State, Weight]]:
        (customers,) = state
        if 0 < customers < capacity:
            yield (customers + 1,), (0.0, [1.0, 0.0])
        if customers > 0:
            yield (customers - 1,), (0.0, [0.0, 1.0])

    return explore(step, (1,), parameters=2)


def _check(name: str, number: int, smallest: int) -> None:
    if number < smallest:
        raise UsageError(
            "the model cannot be built",
            why=f"it has {number} {name}",
            resolution=f"give at least {smallest}",
        )


@dataclass(frozen=True)
class _Family:
    """Models of one kind and any size."""

    build: Callable[[int], Graph]
    #: The sizes that it has, and how many states a size gives.
    smallest: int
    states: Callable[[int], int]
    parameters: tuple[str, ...]
    theta: tuple[float, ...]


_COALESCENCE = "rate at which a pair coalesces"

_FAMILIES: Mapping[str, _Family] = MappingProxyType(
    {
        "block-counting": _Family(block_counting, 2, lambda size: partitions(size), (_COALESCENCE,), (1.0,)),
        "coalescent": _Family(coalescent, 2, lambda size: size, (_COALESCENCE,), (1.0,)),
        "mm1k": _Family(mm1k, 1, lambda size: size + 1, ("rate of arrivals", "rate of services"), (0.5, 1.0)),
        "two-island": _Family(
            lambda size: two_island(size - size // 2, size // 2),
            2,
            lambda size: (size + 1) * (size + 2) // 2 - 1,
            (
                f"{_COALESCENCE} on the first island",
                f"{_COALESCENCE} on the second island",
                "rate of moving from the first to the second",
                "rate of moving from the second to the first",
            ),
            (1.0, 1.0, 0.5, 0.5),
        ),
    }
)

#: The names of ready models, without their size.
READY_MODELS = tuple(_FAMILIES)


def ready_model(name: str) -> Model:
    """Return a ready model by its name and size, such as ``coalescent:10``.

    ``coalescent:n`` and ``block-counting:n`` have n lineages, ``two-island:n`` has n, half of them on each island (the
    odd one on the first), ``mm1k:K`` room for K customers.

    Raises
    ------
    UsageError
        There is none of that name, the size is none, or it gives more than 2,000,000 states.
    """
    kind, _, number = name.partition(":")
    family = _FAMILIES.get(kind)
    what = "there is no such ready model"
    if family is None:
        near = difflib.get_close_matches(kind, _FAMILIES, n=1)
        raise UsageError(
            what,
            why=f"{shown(kind)} is none of {', '.join(_FAMILIES)}",
            resolution=f"name {near[0] if near else next(iter(_FAMILIES))}:N with a number N",
        )
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise UsageError(
            what,
            why=f"{shown(number)} is no size" if number else f"{kind} needs a size",
            resolution=f"name {kind}:N with a number N of at least {family.smallest}, e.g. {kind}:10",
        )
    size = int(number)
    if size < family.smallest or family.states(size) > MAX_STATES:
        too_small = size < family.smallest
        raise UsageError(
            what,
            why=f"{kind}:{size} has {'no time to wait for' if too_small else f'more than {MAX_STATES:,} states'}",
            resolution=f"name a size of at least {family.smallest}" if too_small else "name a smaller size",
        )
    return Model(f"{kind}:{size}", family.build(size), family.parameters, family.theta)


def partitions(number: int) -> int:
    """Return in how many ways a number is a sum of positive ones; above 2,000,000, some number above that.

    Method: Euler's recurrence over pentagonal numbers.

    >>> [partitions(number) for number in (0, 1, 4, 20, 40, 50)]
    [1, 1, 5, 627, 37338, 204226]
    """
    counts = [1]
    for total in range(1, number + 1):
        count, k = 0, 1
        while (pentagonal := k * (3 * k - 1) // 2) <= total:
            sign = 1 if k % 2 else -1
            count += sign * counts[total - pentagonal]
            if pentagonal + k <= total:
                count += sign * counts[total - pentagonal - k]
            k += 1
        counts.append(count)
        if count > MAX_STATES:
            break
    return counts[-1]
