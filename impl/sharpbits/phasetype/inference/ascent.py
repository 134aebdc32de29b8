"""Climb a function of a few numbers that is given with its gradient: L-BFGS from a start, then Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sharpbits.phasetype.inference.errors import NotConvergedError
from sharpbits.phasetype.inference.posterior import hessian

Numbers = npt.NDArray[np.float64]
#: Values ``[B]`` and gradients ``[B, p]`` at rows ``[B, p]``.
Both = Callable[[Numbers], tuple[Numbers, Numbers]]

#: The end is at the top where it is nearer than this many standard errors.
_NEAR = 1e-4
#: A slope of this, in a direction without curvature, is none of a flat function.
_SLOPE = 1e-2
#: What stands for a value of -inf while a line is searched.
_WALL = 1e100


@dataclass(frozen=True)
class Climb:
    """Where a climb began and ended, the value there, and what the optimiser said."""

    start: Numbers
    end: Numbers
    value: float
    message: str


def climb(both: Both, start: Numbers, *, max_iterations: int) -> Climb:
    """Return where L-BFGS (SciPy) ends; where the value is not finite, a wall is in its way."""

    def descend(free: Numbers) -> tuple[float, Numbers]:
        (value,), (gradient,) = both(free[None])
        return (-float(value), -gradient) if np.isfinite(value) else (_WALL, np.zeros_like(free))

    found = minimize(
        descend, start, jac=True, method="L-BFGS-B", options={"maxiter": max_iterations, "ftol": 1e-13, "gtol": 1e-9}
    )
    return Climb(start, found.x, -float(found.fun), str(found.message))


def summit(both: Both, climbed: Climb, check: Callable[[Numbers, Numbers], None]) -> tuple[Numbers, Numbers]:
    """Return the maximum near the end of a climb, and minus the Hessian there.

    Parameters
    ----------
    both
        The function.
    climbed
        To the neighbourhood.
    check
        Is given a point and minus the Hessian there, before it is used; raises where there is no maximum.

    Raises
    ------
    NotConvergedError
        Newton steps lead to no maximum.
    """
    free = climbed.end
    for _ in range(10):
        curvature = -hessian(both, free)
        (before,), (gradient,) = both(free[None])
        _check_not_on_a_slope(curvature, gradient, climbed)
        check(free, curvature)
        step = np.linalg.solve(curvature, gradient)
        distance = float(np.sqrt(max(gradient @ step, 0)))
        # At the top, values differ by rounding only.
        if distance < _NEAR:
            return free + step, curvature
        (after,), _ = both((free + step)[None])
        if not after > before:
            break
        free = free + step
    raise NotConvergedError(
        "the maximum was not found",
        why=f"the best start ended {distance:.2g} standard errors away from it: {climbed.message}",
        resolution="try more starts, another seed or more iterations, or look at the model",
        value=climbed.value,
    )


def _check_not_on_a_slope(curvature: Numbers, gradient: Numbers, climbed: Climb) -> None:
    """Make sure that a climb did not end where the function still rises, as it does before a wall."""
    values, vectors = np.linalg.eigh(curvature)
    slope = float(np.abs(vectors[:, 0] @ gradient))
    if values[0] <= 0 and slope > _SLOPE:
        raise NotConvergedError(
            "the maximum was not found",
            why=f"the best start ended on a slope, perhaps at the edge of the parameters that the graph takes: "
            f"{climbed.message}",
            resolution="try more starts or another seed, use priors that keep away from the edge (methods svgd and "
            "nuts), or look at the model",
            value=climbed.value,
            slope=slope,
        )
