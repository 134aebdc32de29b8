"""Stein variational gradient descent: particles that move together until they lie as the posterior does.

Source: Liu and Wang, "Stein variational gradient descent", NeurIPS 2016; its bandwidth is the squared median distance
of particles over log n. Particles move in numbers in which the posterior is near to a standard normal one
(:mod:`~sharpbits.phasetype.inference.whitening`), so one bandwidth fits all directions. They begin as seeded draws from
that normal distribution; their steps are those of AMSGrad (optax), whose size adapts, and with which they come to rest.

The spread of n particles is too small, by about 2/n of itself for one parameter, 4/n for two, 7/n for three, 11/n for
four; more particles take no more iterations.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sharpbits.errors import UsageError
from sharpbits.phasetype.inference.draws import Draws
from sharpbits.phasetype.inference.errors import FitError
from sharpbits.phasetype.inference.parallel import check_parallel, mapped
from sharpbits.phasetype.inference.posterior import Posterior, value_and_gradient
from sharpbits.phasetype.inference.whitening import whitened

logger = logging.getLogger(__name__)


def svgd(
    posterior: Posterior,
    *,
    particles: int = 100,
    parallel: str = "vmap",
    seed: int = 0,
    max_iterations: int = 1000,
    learning_rate: float = 0.1,
    tolerance: float = 3e-4,
    starts: int = 5,
    report: Callable[[int, int, float], None] | None = None,
) -> Draws:
    """Return parameters that lie as the posterior does.

    Parameters
    ----------
    posterior
        Of the parameters.
    particles
        Their number.
    parallel
        How gradients are computed: ``none``, ``vmap`` or ``pmap``; see
        :data:`~sharpbits.phasetype.inference.parallel.PARALLEL`. The particles are the same, to rounding.
    seed
        Of where they begin, and of the starts.
    max_iterations, learning_rate
        Of AMSGrad.
    tolerance
        They are at rest where the root mean square of what drives them is less than this, in standard deviations.
    starts
        Of the search for the mode.
    report
        Is given the iteration, the most there may be, and what drives the particles.

    Raises
    ------
    UsageError
        There are fewer than 2 particles, or they cannot be moved in that way.
    DeviceError
        ``pmap`` was asked for, and JAX has one device.
    FitError
        The mode was not found, or a particle came to where it has no likelihood.

    Examples
    --------
    ::

        import jax

        from sharpbits.phasetype import coalescent
        from sharpbits.phasetype.inference import LogLikelihood, Observations, Posterior, prior, svgd

        jax.config.update("jax_enable_x64", True)
        likelihood = LogLikelihood(coalescent(2), Observations.exact([0.5, 1.5]))  # exponential times of rate theta
        posterior = Posterior(likelihood, [prior("gamma:2,1")])
        print(svgd(posterior, particles=20).summary()[0].mean)  # near (2 + 2) / (1 + 2)
    """
    _check(particles, max_iterations, learning_rate, tolerance)
    check_parallel(parallel, particles)
    began = time.perf_counter()
    white = whitened(posterior, starts=starts, seed=seed)
    of_all = mapped(value_and_gradient(white.log_density), parallel)
    optimiser = optax.amsgrad(learning_rate)
    shape = (particles, len(white.mode))
    place = jnp.asarray(np.random.default_rng(seed).normal(size=shape))
    state = optimiser.init(place)

    @jax.jit
    def move(place: Any, gradient: Any, state: Any) -> tuple[Any, Any, Any]:
        drive = driving_force(place, gradient)
        step, state = optimiser.update(-drive, state, place)
        return optax.apply_updates(place, step), state, jnp.sqrt(jnp.mean(drive**2))

    iteration, drive = 0, np.inf
    while iteration < max_iterations and drive >= tolerance:
        value, gradient = of_all(place)
        _check_inside(value, place, white.parameters)
        place, state, driven = move(place, gradient, state)
        iteration, drive = iteration + 1, float(driven)
        if report is not None:
            report(iteration, max_iterations, drive)
    settled = drive < tolerance
    if not settled:
        logger.warning(
            "svgd: after %d iterations the particles are not at rest: %.2g standard deviations drive them, not %.2g",
            iteration,
            drive,
            tolerance,
        )
    return Draws(
        method="svgd",
        theta=np.asarray(white.parameters(place))[None],
        priors=tuple(posterior.priors),
        settled=settled,
        diagnostics={
            "particles": particles,
            "parallel": parallel,
            "devices": len(jax.local_devices()) if parallel == "pmap" else 1,
            "iterations": iteration,
            "drive": drive,
            "seconds": time.perf_counter() - began,
        },
    )


def driving_force(place: Any, gradient: Any) -> Any:
    """Return where particles ``[n, p]`` are driven: to larger densities, and away from each other."""
    apart = place[:, None] - place[None]
    squared = jnp.sum(apart**2, axis=-1)
    bandwidth = jax.lax.stop_gradient(jnp.median(squared)) / np.log(len(place) + 1)
    kernel = jnp.exp(-squared / bandwidth)
    repelled = 2 / bandwidth * jnp.sum(kernel[:, :, None] * apart, axis=1)
    return (kernel @ gradient + repelled) / len(place)


def _check(particles: int, max_iterations: int, learning_rate: float, tolerance: float) -> None:
    faults = [
        (particles < 2, f"there are {particles} particles", "use at least 2"),
        (max_iterations < 1, f"there are {max_iterations} iterations", "allow at least 1"),
        (not learning_rate > 0, f"the learning rate is {learning_rate}", "give a positive one"),
        (not tolerance > 0, f"the tolerance is {tolerance}", "give a positive one"),
    ]
    for is_so, why, resolution in faults:
        if is_so:
            raise UsageError("the particles cannot be moved", why=why, resolution=resolution)


def _check_inside(value: Any, place: Any, parameters: Callable[[Any], Any]) -> None:
    lost = ~np.isfinite(np.asarray(value))
    if lost.any():
        raise FitError(
            "the particles cannot be moved",
            why=f"{int(lost.sum())} of {len(lost)} came to parameters at which the observations have no likelihood",
            resolution="use priors that keep away from there, or a smaller learning rate",
            theta=np.asarray(parameters(place[int(np.argmax(lost))])).tolist(),
        )
