"""Numbers in which a posterior is near to a standard normal one: its mode is 0, its Hessian there minus the identity.

The samplers move in them. Any affine change of the numbers leaves the posterior what it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from sharpbits.phasetype.inference.ascent import climb, summit
from sharpbits.phasetype.inference.errors import NotConvergedError
from sharpbits.phasetype.inference.posterior import Posterior, one_by_one
from sharpbits.phasetype.inference.starts import starting_points

logger = logging.getLogger(__name__)

Numbers = npt.NDArray[np.float64]

#: Another mode is told where its log-density is less by no more than this, and it is so many standard deviations away.
_NOTABLE, _ELSEWHERE = 5.0, 4.0


@dataclass(frozen=True, eq=False)
class Whitened:
    """A posterior over ``[p]`` white numbers: those that stand for parameters are ``mode + factor @ white``."""

    posterior: Posterior
    mode: Numbers
    factor: Numbers

    def parameters(self, white: Any) -> Any:
        """Return the parameters ``[..., p]`` that white numbers stand for."""
        return self.posterior.parameters(self._free(white))

    def log_density(self, white: Any) -> Any:
        """Return the logarithm of the density ``[...]``, without its constant."""
        return self.posterior.log_density(self._free(white))

    def _free(self, white: Any) -> Any:
        return self.mode + white @ jnp.asarray(self.factor.T)


def whitened(posterior: Posterior, *, starts: int, seed: int, max_iterations: int = 500) -> Whitened:
    """Find the mode of a posterior, from several starts, and its curvature there. Other modes are logged.

    Raises
    ------
    NotConvergedError
        There is no mode at which the posterior is curved in every direction.
    """
    likelihood = posterior.likelihood
    both = one_by_one(posterior.log_density)
    points = starting_points(
        likelihood.graph, likelihood.observations, posterior.domains, both, count=starts, seed=seed
    )
    climbs = [climb(both, point, max_iterations=max_iterations) for point in points]
    best = max(climbs, key=lambda one: one.value)
    mode, curvature = summit(both, best, _check_curved(posterior))
    lower = np.linalg.cholesky(curvature)
    others = [
        one
        for one in climbs
        if one.value > best.value - _NOTABLE and np.linalg.norm(lower.T @ (one.end - mode)) > _ELSEWHERE
    ]
    if others:
        logger.warning(
            "the posterior has more modes, such as at %s: draws describe what lies around %s",
            np.asarray(posterior.parameters(jnp.asarray(others[0].end))).round(6).tolist(),
            np.asarray(posterior.parameters(jnp.asarray(mode))).round(6).tolist(),
        )
    return Whitened(posterior, mode, solve_triangular(lower, np.eye(len(mode)), lower=True).T)


def _check_curved(posterior: Posterior) -> Callable[[Numbers, Numbers], None]:
    def check(free: Numbers, curvature: Numbers) -> None:
        smallest = np.linalg.eigvalsh(curvature)[0]
        if not smallest > 0:
            raise NotConvergedError(
                "the posterior cannot be sampled",
                why="it has no mode: it is not curved in every direction where it is largest",
                resolution="use priors that say more, or look at the model",
                theta=np.asarray(posterior.parameters(jnp.asarray(free))).tolist(),
                curvature=float(smallest),
            )

    return check
