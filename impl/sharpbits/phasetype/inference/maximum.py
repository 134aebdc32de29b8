"""Maximum likelihood: the parameters under which the observations are most likely, with standard errors.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from sharpbits.phasetype import coalescent
>>> from sharpbits.phasetype.inference import LogLikelihood, Observations, maximise
>>> fit = maximise(LogLikelihood(coalescent(2), Observations.exact([0.5, 1.5])))
>>> print(fit.theta.round(6), fit.standard_error.round(6))  # 1/mean, and that over √2
[1.] [0.707107]

Method: L-BFGS (SciPy) with the exact gradient over numbers of any sign that stand for parameters, from several starts;
then Newton steps with the observed information, minus the Hessian of the log-likelihood there, by differences of the
gradient. Standard errors and intervals follow from it (van der Vaart, "Asymptotic Statistics", Cambridge 1998, chapter
5): those of the numbers, normal, are mapped to the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from sharpbits.errors import UsageError
from sharpbits.phasetype.graph import Graph, WeightMode
from sharpbits.phasetype.inference.ascent import Climb, climb, summit
from sharpbits.phasetype.inference.domain import Domain, domains_of, to_parameters
from sharpbits.phasetype.inference.errors import NotIdentifiedError
from sharpbits.phasetype.inference.likelihood import LogLikelihood
from sharpbits.phasetype.inference.posterior import one_by_one
from sharpbits.phasetype.inference.starts import starting_points

Numbers = npt.NDArray[np.float64]

#: A direction with a standard error above this, in the logarithm of a weight, is not determined: a factor of 1e13.
_UNDETERMINED = 30.0


@dataclass(frozen=True)
class End:
    """Where one start led.

    Attributes
    ----------
    start, theta
        The parameters at the beginning and at the end.
    log_likelihood
        At the end.
    message
        Of the optimiser.
    """

    start: Numbers
    theta: Numbers
    log_likelihood: float
    message: str


@dataclass(frozen=True, eq=False)
class MaximumLikelihood:
    """The most likely parameters.

    Attributes
    ----------
    theta, standard_error
        ``[p]``.
    low, high
        ``[p]``: ends of the intervals that contain the true parameters with probability ``level``, where there are many
        observations.
    covariance
        ``[p, p]`` of the estimate of θ.
    log_likelihood
        At ``theta``.
    domains
        Of the parameters.
    ends
        Of every start, best first.
    agreeing
        How many of them came to this maximum.
    """

    theta: Numbers
    standard_error: Numbers
    low: Numbers
    high: Numbers
    level: float
    covariance: Numbers
    log_likelihood: float
    domains: Sequence[Domain]
    ends: Sequence[End]
    agreeing: int

    @property
    def aic(self) -> float:
        """Akaike's criterion: twice the number of parameters less twice the log-likelihood."""
        return 2 * len(self.theta) - 2 * self.log_likelihood


def maximise(
    likelihood: LogLikelihood,
    *,
    domains: Sequence[Domain] | None = None,
    starts: int = 5,
    seed: int = 0,
    level: float = 0.95,
    max_iterations: int = 500,
    report: Callable[[int, int, float], None] | None = None,
) -> MaximumLikelihood:
    """Return the parameters under which the observations are most likely.

    Parameters
    ----------
    likelihood
        Of the observations.
    domains
        Where each parameter may lie; default: positive, and below what the graph allows; any number where weights are
        exponential.
    starts, seed
        How many starts, around parameters at which times are of the size of those observed; and the seed of their draw.
    level
        Of the intervals.
    max_iterations
        Of each start.
    report
        Is given the number of starts done, that of all, and the largest log-likelihood so far.

    Raises
    ------
    UsageError
        The graph has no parameters, or there are no starts, no iterations or no such intervals.
    NotConvergedError
        No start came to a maximum.
    NotIdentifiedError
        The observations do not determine the parameters.
    FitError
        Nothing near has a likelihood.
    """
    graph = likelihood.graph
    _check(graph, starts, level, max_iterations)
    domains = domains_of(graph) if domains is None else tuple(domains)
    both = one_by_one(lambda free: likelihood(to_parameters(domains, free)))
    climbs: list[Climb] = []
    points = starting_points(graph, likelihood.observations, domains, both, count=starts, seed=seed)
    for point in points:
        climbs.append(climb(both, point, max_iterations=max_iterations))
        if report is not None:
            report(len(climbs), len(points), max(one.value for one in climbs))
    climbs.sort(key=lambda one: -one.value)
    units = _units(graph)

    def check(free: Numbers, information: Numbers) -> None:
        _check_identified(information, units, free, domains)

    free, information = summit(both, climbs[0], check)
    value = float(both(free[None])[0][0])
    ends = [End(_theta(domains, one.start), _theta(domains, one.end), one.value, one.message) for one in climbs]
    return _result(domains, free, information, value, level, ends)


def _check(graph: Graph, starts: int, level: float, max_iterations: int) -> None:
    faults = [
        (graph.parameters == 0, "the graph has no parameters", "use a graph of at least one parameter"),
        (starts < 1, f"{starts} starts were asked for", "ask for at least 1"),
        (max_iterations < 1, f"{max_iterations} iterations were allowed", "allow at least 1"),
        (not 0 < level < 1, f"intervals of level {level:g} were asked for", "give a level between 0 and 1, e.g. 0.95"),
    ]
    for is_so, why, resolution in faults:
        if is_so:
            raise UsageError("the likelihood cannot be maximised", why=why, resolution=resolution)


def _units(graph: Graph) -> Numbers:
    """Return how much of each number changes a weight by a factor of 2.7, or less."""
    if graph.weight_mode is WeightMode.LINEAR:
        return np.ones(graph.parameters)
    largest = np.max(np.abs(np.concatenate([graph.coefficients, graph.start_coefficients])), axis=0)
    return 1 / np.where(largest > 0, largest, 1)


def _check_identified(information: Numbers, units: Numbers, free: Numbers, domains: Sequence[Domain]) -> None:
    """Make sure that every direction is determined, in units of the logarithm of a weight."""
    values, vectors = np.linalg.eigh(information * np.outer(units, units))
    if values[0] > 1 / _UNDETERMINED**2:
        return
    main = int(np.argmax(np.abs(vectors[:, 0])))
    alone = abs(vectors[main, 0]) > 0.99
    along = vectors[:, 0] * units * _slope(domains, free)
    along /= np.max(np.abs(along)) or 1
    raise NotIdentifiedError(
        "the parameters cannot be estimated",
        why=f"the likelihood is largest, or flat, towards an end of the domain {domains[main]} of parameter {main}"
        if alone
        else "the likelihood is flat along a combination of parameters",
        resolution="fix a parameter, use a model with fewer, or a prior: methods svgd and nuts",
        theta=_theta(domains, free).tolist(),
        direction=[round(float(number), 4) for number in (np.eye(len(free))[main] if alone else along)],
    )


def _theta(domains: Sequence[Domain], free: Numbers) -> Numbers:
    return np.asarray(to_parameters(domains, jnp.asarray(free)))


def _slope(domains: Sequence[Domain], free: Numbers) -> Numbers:
    def theta(free: Any) -> Any:
        return to_parameters(domains, free)

    return np.diag(np.asarray(jax.jacobian(theta)(jnp.asarray(free))))


def _result(
    domains: Sequence[Domain],
    free: Numbers,
    information: Numbers,
    value: float,
    level: float,
    ends: Sequence[End],
) -> MaximumLikelihood:
    covariance = np.linalg.inv(information)
    slope = _slope(domains, free)
    reach = norm.ppf((1 + level) / 2) * np.sqrt(np.diag(covariance))
    of_theta = covariance * np.outer(slope, slope)
    near = value - 1e-6 * (1 + abs(value))
    return MaximumLikelihood(
        theta=_theta(domains, free),
        standard_error=np.sqrt(np.diag(of_theta)),
        low=_theta(domains, free - reach),
        high=_theta(domains, free + reach),
        level=level,
        covariance=of_theta,
        log_likelihood=value,
        domains=tuple(domains),
        ends=tuple(ends),
        agreeing=sum(end.log_likelihood >= near for end in ends),
    )
