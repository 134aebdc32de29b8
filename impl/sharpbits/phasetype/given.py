"""States, weights and settings as they are given to builders, made plain and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from sharpbits.phasetype import checks
from sharpbits.phasetype.errors import GraphError, shown
from sharpbits.phasetype.graph import Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64

#: Whole numbers in an order: a tuple, a list, an array.
State = Iterable[int]

#: A base alone, or a base and its coefficients.
Weight = float | tuple[float, Sequence[float]]

#: Where a chain starts: a state, or several, as tuples, and their probabilities.
Start = State | Mapping[Any, Weight]


@dataclass(frozen=True)
class Setting:
    """What a graph is told about itself besides its states and edges.

    Raises
    ------
    GraphError
        ``parameters`` is no number of parameters, or there is no such kind or weight mode.
    """

    parameters: int = 0
    kind: Kind = Kind.CONTINUOUS
    weight_mode: WeightMode = WeightMode.LINEAR

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, int) or isinstance(self.parameters, bool) or self.parameters < 0:
            raise GraphError(
                checks.WHAT,
                why="parameters is no number of parameters",
                expected="an int of at least 0",
                actual=shown(self.parameters),
                resolution="say how many parameters the weights have coefficients for",
            )
        object.__setattr__(self, "kind", checks.member(Kind, "kind", self.kind))
        object.__setattr__(self, "weight_mode", checks.member(WeightMode, "weight_mode", self.weight_mode))

    def zeros(
        self, base: Float64[np.ndarray, " k"], coefficients: Float64[np.ndarray, "k p"]
    ) -> Bool[np.ndarray, " k"]:
        """Tell which weights are 0 at all parameters."""
        found: Bool[np.ndarray, " k"] = base == 0
        return found if self.weight_mode is WeightMode.LOG_LINEAR else found & (coefficients == 0).all(axis=1)


@dataclass(frozen=True)
class Starts:
    """States that a chain starts in, each once, and their probabilities."""

    states: list[tuple[int, ...]]
    base: list[float]
    coefficients: list[Sequence[float]]


def as_state(state: State, *, length: int = 0) -> tuple[int, ...]:
    """Return a state as a tuple of int.

    Parameters
    ----------
    length
        That it must have; 0: any but 0.

    Raises
    ------
    GraphError
        It is no state.
    """
    try:
        found = () if isinstance(state, Set | Mapping) else tuple(state)
        whole = tuple(int(number) for number in found)
    except (TypeError, ValueError, OverflowError):
        found, whole = (), ()
    bounds = np.iinfo(np.int32)
    if not whole or whole != found or min(whole) < bounds.min or max(whole) > bounds.max:
        raise GraphError(
            checks.WHAT,
            why="this is no state",
            expected=f"a sequence of whole numbers from {bounds.min} to {bounds.max}",
            actual=shown(state),
            resolution="give a state as a tuple of int",
        )
    if length and len(whole) != length:
        raise GraphError(
            checks.WHAT,
            why="states are of different lengths",
            expected=f"{length} numbers, as in the states before it",
            actual=f"{len(whole)}: {shown(whole)}",
            resolution="give every state as many numbers",
        )
    return whole


def split_weight(weight: Weight, parameters: int) -> tuple[float, Sequence[float]]:
    """Return the base and the coefficients of a weight.

    Raises
    ------
    GraphError
        It is neither a number nor a base with a coefficient for each parameter, or is not finite.
    """
    base, coefficients = weight if isinstance(weight, tuple | list) and len(weight) == 2 else (weight, None)
    try:
        along: Sequence[float] = (0.0,) * parameters if coefficients is None else coefficients
        ordered = isinstance(along, Sequence | np.ndarray)
        if ordered and len(along) == parameters and isfinite(base) and all(map(isfinite, along)):
            return base, along
    except (TypeError, ValueError, OverflowError):
        pass  # told below, as what is not finite or too long is
    raise GraphError(
        checks.WHAT,
        why="this is no weight",
        expected=f"a finite number, or (base, coefficients) with {parameters} coefficients",
        actual=shown(weight),
        resolution="give a weight as (base, coefficients), with one coefficient for each parameter",
    )


def starts_of(start: Start, setting: Setting) -> Starts:
    """Return the states that a chain starts in; a probability of 0 is no start.

    Raises
    ------
    GraphError
        There is none, one is no state, or its probability no weight.
    """
    weights = start if isinstance(start, Mapping) else {as_state(start): 1.0}
    found = Starts([], [], [])
    for given, weight in weights.items():
        with saying(start=given):
            state = as_state(given, length=len(found.states[0]) if found.states else 0)
            base, coefficients = split_weight(weight, setting.parameters)
        if base or (setting.weight_mode is WeightMode.LINEAR and any(coefficients)):
            found.states.append(state)
            found.base.append(base)
            found.coefficients.append(coefficients)
    if not found.states:
        raise GraphError(
            checks.WHAT,
            why="there is no start",
            expected="a state, or states and their probabilities",
            actual=shown(start),
            resolution="name the state that the chain starts in",
        )
    return found


@contextmanager
def saying(**where: object) -> Iterator[None]:
    """Add to a malformed graph's error where it comes from."""
    try:
        yield
    except GraphError as error:
        error.context |= {name: shown(value) for name, value in where.items()}
        raise
