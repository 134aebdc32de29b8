"""The posterior density of a graph's parameters, over numbers of any sign that stand for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from sharpbits.errors import UsageError
from sharpbits.phasetype.inference.domain import Domain, domains_of, to_parameters
from sharpbits.phasetype.inference.errors import NotConvergedError
from sharpbits.phasetype.inference.likelihood import LogLikelihood
from sharpbits.phasetype.inference.priors import Prior

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of the parameters after the observations.

    Parameters
    ----------
    likelihood
        Of the observations.
    priors
        One for each parameter.

    Raises
    ------
    UsageError
        There are more or fewer priors than parameters, or one allows parameters that the graph cannot take at all.
    """

    likelihood: LogLikelihood
    priors: Sequence[Prior]

    def __post_init__(self) -> None:
        graph = self.likelihood.graph
        object.__setattr__(self, "priors", tuple(self.priors))
        if not graph.parameters:
            raise UsageError(
                "the posterior cannot be formed",
                why="the graph has no parameters",
                resolution="use a graph of at least one parameter",
            )
        if len(self.priors) != graph.parameters:
            raise UsageError(
                "the posterior cannot be formed",
                why=f"there are {len(self.priors)} priors, and the graph has {graph.parameters} parameters",
                resolution="give one prior for each parameter",
            )
        for at, (prior, domain) in enumerate(zip(self.priors, domains_of(graph), strict=True)):
            if prior.domain.low < domain.low or prior.domain.low >= domain.high:
                raise UsageError(
                    "the posterior cannot be formed",
                    why=f"the prior {prior} of parameter {at} lies in {prior.domain}, and the graph takes {domain}",
                    resolution=f"give a prior within {domain}",
                )

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Where each parameter lies."""
        return tuple(prior.domain for prior in self.priors)

    def parameters(self, free: Any) -> Float[Array, "*batch parameters"]:
        """Return the parameters that numbers ``[*batch, p]`` stand for."""
        found: Array = to_parameters(self.domains, free)
        return found

    def log_density(self, free: Float[Array, "*batch parameters"]) -> Float[Array, " *batch"]:
        """Return the logarithm of the density at ``[p]``, or at each row of ``[B, p]``, without its constant."""
        found = self.likelihood(self.parameters(free))
        for at, prior in enumerate(self.priors):
            found = found + prior.log_density_of_free(free[..., at])
        return found


def value_and_gradient(function: Any) -> Any:
    """Return a compiled function of rows ``[B, p]`` that returns ``[B]`` values and their gradients ``[B, p]``.

    Where the value is not finite, the gradient is 0.
    """

    @jax.jit
    def both(rows: Any) -> Any:
        def total(rows: Any) -> Any:
            values = function(rows)
            return jnp.sum(values), values

        (_, values), gradients = jax.value_and_grad(total, has_aux=True)(rows)
        return values, jnp.where(jnp.isfinite(values)[:, None], gradients, 0)

    return both


def one_by_one(function: Any) -> Callable[[Numbers], tuple[Numbers, Numbers]]:
    """Return :func:`value_and_gradient` for NumPy's arrays, of which it takes each row alone: compiled once."""
    both = value_and_gradient(function)

    def of_rows(rows: Numbers) -> tuple[Numbers, Numbers]:
        found = [both(jnp.asarray(row)[None]) for row in rows]
        return np.concatenate([value for value, _ in found]), np.concatenate([gradient for _, gradient in found])

    return of_rows


def hessian(both: Callable[[Numbers], tuple[Numbers, Numbers]], at: Numbers) -> Numbers:
    """Return the Hessian of a function by differences of its gradient.

    Method: central differences of second order with steps of h and 2 h, extrapolated (Richardson): the error is of the
    order of h**4 and of 1e-12/h times the gradient's size, with h = 1e-3 of a unit of the numbers.

    Parameters
    ----------
    both
        Returns values ``[B]`` and gradients ``[B, p]`` at rows ``[B, p]``.
    at
        ``[p]``.

    Raises
    ------
    NotConvergedError
        Some of the values around are not finite.
    """
    p, h = len(at), 1e-3
    offsets = np.concatenate([step * np.eye(p) for step in (h, -h, 2 * h, -2 * h)])
    values, gradients = both(at + offsets)
    if not np.isfinite(values).all():
        raise NotConvergedError(
            "the maximum was not found",
            why="it lies at the edge of the parameters that the graph takes",
            resolution="use priors that keep away from there: methods svgd and nuts; or look at the model",
        )
    near, near_back, far, far_back = gradients.reshape(4, p, p)
    found: Numbers = (8 * (near - near_back) - (far - far_back)) / (12 * h)
    return (found + found.T) / 2
