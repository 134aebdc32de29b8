"""Where a parameter may lie, and the numbers of any sign that stand for it: what is optimised and sampled is those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import linprog

from sharpbits.errors import UsageError
from sharpbits.phasetype.graph import Graph, Kind, WeightMode


@dataclass(frozen=True)
class Domain:
    """An open interval of parameters, and its map to and from all numbers.

    The logarithm of the distance from the finite end; between two finite ends the logit; with none the number itself.

    >>> Domain(0.0, 1.0).parameter(0.0).item()
    0.5
    """

    low: float = 0.0
    high: float = np.inf

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise UsageError(
                "there is no such interval of parameters",
                why=f"its ends are {self.low} and {self.high}",
                resolution="give a lower end that is less than the upper one",
            )

    def parameter(self, free: Any) -> Any:
        """Return the parameter that a number stands for."""
        free = jnp.asarray(free)
        if np.isfinite(self.low) and np.isfinite(self.high):
            return self.low + (self.high - self.low) * jax.nn.sigmoid(free)
        if np.isfinite(self.low):
            return self.low + jnp.exp(free)
        return self.high - jnp.exp(-free) if np.isfinite(self.high) else free

    def free(self, parameter: Any) -> Any:
        """Return the number that stands for a parameter; NaN or infinite where it is not inside."""
        parameter = jnp.asarray(parameter)
        if np.isfinite(self.low) and np.isfinite(self.high):
            return jnp.log(parameter - self.low) - jnp.log(self.high - parameter)
        if np.isfinite(self.low):
            return jnp.log(parameter - self.low)
        return -jnp.log(self.high - parameter) if np.isfinite(self.high) else parameter

    def log_slope(self, free: Any) -> Any:
        """Return the logarithm of the derivative of the parameter by the number: what a density is multiplied by."""
        free = jnp.asarray(free)
        if np.isfinite(self.low) and np.isfinite(self.high):
            return np.log(self.high - self.low) + jax.nn.log_sigmoid(free) + jax.nn.log_sigmoid(-free)
        if np.isfinite(self.low):
            return free
        return -free if np.isfinite(self.high) else jnp.zeros_like(free)

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g})"


def to_parameters(domains: Sequence[Domain], free: Any) -> Any:
    """Return the parameters ``[..., p]`` that numbers stand for."""
    columns = [domain.parameter(free[..., at]) for at, domain in enumerate(domains)]
    return jnp.stack(columns, axis=-1) if columns else jnp.asarray(free)


def domains_of(graph: Graph) -> tuple[Domain, ...]:
    """Return where each parameter of a graph may lie.

    Rates and probabilities that are linear in θ: above 0, and below what the largest probability allows, found by
    linear programming; there may be combinations within these bounds that a graph does not take. Exponential ones: any
    number.
    """
    if graph.weight_mode is WeightMode.LOG_LINEAR:
        return (Domain(-np.inf, np.inf),) * graph.parameters
    rows = [-_unlike(graph.base, graph.coefficients), -_unlike(graph.start_base, graph.start_coefficients)]
    rows.append(_excess(graph.start_base.sum()[None], graph.start_coefficients.sum(axis=0)[None]))
    if graph.kind is Kind.DISCRETE and graph.edges:
        leaving = graph.offsets[:-1][~graph.absorbing]
        sums = (np.add.reduceat(of_edges, leaving) for of_edges in (graph.base, graph.coefficients))
        rows.append(_excess(*sums))
    # base + coefficients·θ <= 0 for every row
    bounds = np.concatenate(rows)
    bounds = bounds[bounds[:, 1:].any(axis=1)]
    domains = []
    for parameter in range(graph.parameters):
        most = linprog(
            -np.eye(graph.parameters)[parameter],
            A_ub=bounds[:, 1:],
            b_ub=-bounds[:, 0],
            bounds=(0, None),
            method="highs",
        )
        if most.status == 3:  # without bounds
            domains.append(Domain())
        elif most.status == 0 and -most.fun > 0:
            domains.append(Domain(0.0, float(-most.fun)))
        else:
            raise UsageError(
                "the graph cannot be fitted",
                why="it takes no positive parameters",
                resolution="use a graph whose weights are not negative at some θ > 0",
                graph=graph,
            )
    return tuple(domains)


def _unlike(base: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return np.unique(np.concatenate([base[:, None], coefficients], axis=1), axis=0)


def _excess(base: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return _unlike(base - 1, coefficients)
