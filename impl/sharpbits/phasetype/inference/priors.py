"""Prior distributions of a parameter, by name.

>>> from sharpbits.phasetype.inference import prior
>>> prior("gamma:2,0.5")
Prior(gamma, shape 2, rate 0.5)

=================================  ======================================================================
``log-normal:MEDIAN,SPREAD``       of the logarithm: mean log MEDIAN, standard deviation SPREAD
``gamma:SHAPE,RATE``               mean SHAPE/RATE
``inverse-gamma:SHAPE,SCALE``      mean SCALE/(SHAPE - 1)
``exponential:RATE``               mean 1/RATE
``half-normal:SCALE``              the size of a normal number of that standard deviation
``half-cauchy:SCALE``              its median is SCALE; tails too heavy for a mean
``uniform:LOW,HIGH``               between two numbers
``beta:A,B``                       between 0 and 1, mean A/(A + B)
``normal:MEAN,SPREAD``             any number: for exponential weights
=================================  ======================================================================
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import betaln, gammaln

from sharpbits.errors import UsageError
from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.inference.domain import Domain

_ANY = Domain(-np.inf, np.inf)
_POSITIVE = Domain()


@dataclass(frozen=True)
class _Kind:
    """A family of distributions.

    Its log-density is given the parameters; those named in ``signed`` may be 0 or negative, the others are positive.
    """

    names: tuple[str, ...]
    log_density: Callable[..., Any]
    domain: Domain = _POSITIVE
    signed: tuple[str, ...] = ()


def _log_normal(x: Any, median: float, spread: float) -> Any:
    return _normal(jnp.log(x), np.log(median), spread) - jnp.log(x)


def _normal(x: Any, mean: float, spread: float) -> Any:
    return -(((x - mean) / spread) ** 2) / 2 - np.log(spread) - np.log(2 * np.pi) / 2


def _gamma(x: Any, shape: float, rate: float) -> Any:
    return shape * np.log(rate) - gammaln(shape) + (shape - 1) * jnp.log(x) - rate * x


def _inverse_gamma(x: Any, shape: float, scale: float) -> Any:
    return shape * np.log(scale) - gammaln(shape) - (shape + 1) * jnp.log(x) - scale / x


def _exponential(x: Any, rate: float) -> Any:
    return np.log(rate) - rate * x


def _half_normal(x: Any, scale: float) -> Any:
    return _normal(x, 0, scale) + np.log(2)


def _half_cauchy(x: Any, scale: float) -> Any:
    return np.log(2 / np.pi / scale) - jnp.log1p((x / scale) ** 2)


def _uniform(x: Any, low: float, high: float) -> Any:
    return jnp.full_like(x, -np.log(high - low))


def _beta(x: Any, a: float, b: float) -> Any:
    return (a - 1) * jnp.log(x) + (b - 1) * jnp.log1p(-x) - betaln(a, b)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "log-normal": _Kind(("median", "spread"), _log_normal),
        "gamma": _Kind(("shape", "rate"), _gamma),
        "inverse-gamma": _Kind(("shape", "scale"), _inverse_gamma),
        "exponential": _Kind(("rate",), _exponential),
        "half-normal": _Kind(("scale",), _half_normal),
        "half-cauchy": _Kind(("scale",), _half_cauchy),
        "uniform": _Kind(("low", "high"), _uniform, signed=("low", "high")),
        "beta": _Kind(("a", "b"), _beta, Domain(0.0, 1.0)),
        "normal": _Kind(("mean", "spread"), _normal, _ANY, signed=("mean",)),
    }
)

#: The names of the distributions.
PRIORS = tuple(_KINDS)


@dataclass(frozen=True)
class Prior:
    """The distribution of one parameter, before anything is observed.

    Attributes
    ----------
    name
        One of :data:`PRIORS`.
    numbers
        What the name needs, in order.
    """

    name: str
    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        kind = _KINDS.get(self.name)
        if kind is None:
            near = difflib.get_close_matches(self.name, PRIORS, n=1)
            raise UsageError(
                "there is no such prior",
                why=f"{shown(self.name)} is none of {', '.join(PRIORS)}",
                resolution=f"name {near[0] if near else 'one of these'}",
            )
        form = f"{self.name}:{','.join(name.upper() for name in kind.names)}"
        if len(self.numbers) != len(kind.names):
            raise UsageError(
                "there is no such prior",
                why=f"{self.name} needs {len(kind.names)} numbers, and {len(self.numbers)} were given",
                resolution=f"write {form}",
            )
        for name, number in zip(kind.names, self.numbers, strict=True):
            if not np.isfinite(number) or (number <= 0 and name not in kind.signed):
                raise UsageError(
                    "there is no such prior",
                    why=f"its {name} is {number}",
                    resolution=f"give {form} with {'a finite' if name in kind.signed else 'a positive'} {name}",
                )
        if self.name == "uniform" and self.numbers[0] >= self.numbers[1]:
            raise UsageError(
                "there is no such prior",
                why=f"{self.numbers[0]:g} is not less than {self.numbers[1]:g}",
                resolution=f"write {form}",
            )

    @property
    def domain(self) -> Domain:
        """Where its density is positive."""
        return Domain(*self.numbers) if self.name == "uniform" else _KINDS[self.name].domain

    def log_density(self, parameter: Any) -> Any:
        """Return the logarithm of the density at parameters inside the domain, of any shape."""
        return _KINDS[self.name].log_density(jnp.asarray(parameter), *self.numbers)

    def log_density_of_free(self, free: Any) -> Any:
        """Return the logarithm of the density of the numbers that stand for parameters; see :class:`Domain`."""
        if self.name == "beta":  # a parameter next to 1 is rounded to 1, its distance from 1 to 0
            a, b = self.numbers
            return a * jax.nn.log_sigmoid(free) + b * jax.nn.log_sigmoid(-jnp.asarray(free)) - betaln(a, b)
        return self.log_density(self.domain.parameter(free)) + self.domain.log_slope(free)

    def __str__(self) -> str:
        return f"{self.name}:{','.join(format(number, 'g') for number in self.numbers)}"

    def __repr__(self) -> str:
        said = (f"{name} {number:g}" for name, number in zip(_KINDS[self.name].names, self.numbers, strict=True))
        return f"Prior({self.name}, {', '.join(said)})"


def prior(text: str) -> Prior:
    """Return a prior by name and numbers, such as ``half-cauchy:1`` or ``log-normal:1,0.5``.

    Raises
    ------
    UsageError
        There is none of that name, or the numbers are not what it needs.
    """
    name, _, written = text.partition(":")
    try:
        numbers = tuple(float(number) for number in written.split(",")) if written else ()
    except ValueError as error:
        raise UsageError(
            "there is no such prior",
            why=f"{shown(written)} are no numbers",
            resolution="write a name, a colon and numbers with commas between them, e.g. gamma:2,0.5",
        ) from error
    return Prior(name, numbers)
