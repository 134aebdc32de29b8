"""What a command line can ask of a model: functions of time, moments, quantiles, samples, and their gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from sharpbits.errors import UsageError
from sharpbits.phasetype.density import cdf, pdf, pmf, survival
from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.quantiles import quantile
from sharpbits.phasetype.reward_moments import moments
from sharpbits.phasetype.sampling import sample

Numbers = npt.NDArray[np.float64]

#: Points of a grid.
MOST_POINTS = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    functions
        ``pdf``, ``cdf`` or ``survival``: times, as :func:`grid` reads them. In discrete time, pdf is the probability.
    moments
        Up to this order.
    quantiles
        Of probabilities, as :func:`probabilities` reads them.
    sample, seed
        So many times, drawn from this seed; default: 0.
    gradient
        Whether the derivatives by θ are wanted, too.
    """

    functions: Mapping[str, str] = field(default_factory=dict)
    moments: int | None = None
    quantiles: str | None = None
    sample: int | None = None
    seed: int | None = None
    gradient: bool = False

    def check(self, graph: Graph) -> None:
        """Make sure that it can be had, before anything is computed.

        Raises
        ------
        UsageError
            A grid is none, a probability is none, or nothing that is asked for has a gradient.
        """
        for text in self.functions.values():
            times = grid(text)
            if graph.kind is Kind.DISCRETE and (times != np.floor(times)).any():
                broken = float(times[times != np.floor(times)][0])
                raise UsageError(
                    "there are no such times",
                    why=f"the model's time is a number of steps, and {broken:g} is not whole",
                    resolution="give whole numbers, e.g. 0:20:21",
                )
        if self.quantiles is not None:
            probabilities(self.quantiles)
        if self.seed is not None and self.sample is None:
            raise UsageError(
                "there is nothing to draw",
                why=f"the seed {self.seed} was given, and no sample was asked for",
                resolution="add --sample N, or leave --seed out",
            )
        if self.gradient and self.sample and not (self.functions or self.moments or self.quantiles):
            raise UsageError(
                "there is no gradient", why="a sample has none", resolution="ask for --pdf, --cdf, --moments or more"
            )
        if self.gradient and not graph.parameters:
            raise UsageError("there is no gradient", why="the model has no parameters", resolution="leave it out")


def evaluated(graph: Graph, theta: tuple[float, ...], wanted: Wanted) -> dict[str, Any]:
    """Return what is asked for, as JSON has it. Where nothing is, mean, standard deviation and median.

    ``gradient`` is ``[values, p]``.
    """
    found: dict[str, Any] = {}
    density = pmf if graph.kind is Kind.DISCRETE else pdf
    for name, text in wanted.functions.items():
        function = {"pdf": density, "cdf": cdf, "survival": survival}[name]
        times = grid(text)
        values = _values(f"the {name}", functools.partial(function, graph, times), theta, wanted)
        found[name] = {"times": times.tolist()} | values
    if wanted.moments is not None:
        of_orders = functools.partial(moments, graph, wanted.moments)
        found["moments"] = {"orders": list(range(1, wanted.moments + 1))} | _values(
            "the moments", of_orders, theta, wanted
        )
    if wanted.quantiles is not None:
        at = probabilities(wanted.quantiles)
        of_probabilities = functools.partial(quantile, graph, at)
        found["quantiles"] = {"probabilities": at.tolist()} | _values("the quantiles", of_probabilities, theta, wanted)
    if wanted.sample is not None:
        seed = wanted.seed or 0
        drawn = sample(graph, wanted.sample, np.array(theta), seed=seed)
        found["sample"] = {"seed": seed, "times": drawn.times.tolist()}
    if not found:
        found["summary"] = _summary(graph, theta, wanted)
    return found


def _summary(graph: Graph, theta: tuple[float, ...], wanted: Wanted) -> dict[str, Any]:
    def at(theta: Any) -> Any:
        first, second = moments(graph, 2, theta)
        return jnp.stack([first, jnp.sqrt(second - first**2), quantile(graph, 0.5, theta)])

    return {"names": ["mean", "standard deviation", "median"]} | _values(
        "mean, deviation and median", at, theta, wanted
    )


def _values(
    what: str, function: Callable[[Any], Any], theta: tuple[float, ...], wanted: Wanted
) -> dict[str, list[Any]]:
    at = jnp.asarray(theta, jnp.float64)
    found = {"values": np.asarray(function(at))}
    if wanted.gradient:
        found["gradient"] = np.asarray(jax.jacrev(function)(at))
    for name, numbers in found.items():
        if not np.isfinite(numbers).all():
            raise UsageError(
                f"{what} cannot be computed",
                why=f"{int((~np.isfinite(numbers)).sum())} of {numbers.size} {name} are not finite",
                resolution="give a theta at which an absorbing state is reached from everywhere, and times in a unit "
                "in which the largest rate times the largest time is at most a few millions",
                theta=list(theta),
            )
    return {name: numbers.tolist() for name, numbers in found.items()}


def grid(text: str) -> Numbers:
    """Return times: ``FIRST:LAST:COUNT``, evenly from the first to the last, or numbers with commas between them.

    >>> grid("0:1:3"), grid("0.1,2")
    (array([0. , 0.5, 1. ]), array([0.1, 2. ]))

    Raises
    ------
    UsageError
        It is neither, or a time is negative or not finite.
    """
    parts = text.split(":")
    try:
        if len(parts) == 3:
            first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
            if not (1 <= count <= MOST_POINTS and first <= last):
                raise ValueError
            times = np.linspace(first, last, count)
        else:
            times = np.array([float(number) for number in text.split(",")])
        if not (np.isfinite(times) & (times >= 0)).all():
            raise ValueError
    except ValueError as error:
        raise UsageError(
            "there are no such times",
            why=f"{shown(text)} is no grid of times",
            resolution="write FIRST:LAST:COUNT, e.g. 0:5:100, or numbers with commas between them; none is negative",
        ) from error
    return times


def probabilities(text: str) -> Numbers:
    """Return probabilities, with commas between them.

    Raises
    ------
    UsageError
        One is no number from 0 to 1, or 1 itself, whose quantile is infinite.
    """
    try:
        found = np.array([float(number) for number in text.split(",")])
        if not ((found >= 0) & (found < 1)).all():
            raise ValueError
    except ValueError as error:
        raise UsageError(
            "there are no such quantiles",
            why=f"{shown(text)} are not all probabilities from 0 to below 1",
            resolution="write them with commas between them, e.g. 0.025,0.5,0.975",
        ) from error
    return found
