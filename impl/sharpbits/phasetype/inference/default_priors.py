"""Priors for those who name none: wide, around parameters at which the mean time is that of the observations.

They look at the observations to learn the unit of time, and say next to nothing besides. Whoever knows more should say
so.
"""

from __future__ import annotations

import logging

import jax.numpy as jnp
import numpy as np

from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.inference.domain import domains_of
from sharpbits.phasetype.inference.observations import Observations
from sharpbits.phasetype.inference.priors import Prior
from sharpbits.phasetype.inference.starts import numbers_of_size

logger = logging.getLogger(__name__)

#: Standard deviation of the logarithm of a rate: a factor of 55 to each side has 95 %.
_SPREAD = 2.0


def default_priors(graph: Graph, observations: Observations) -> tuple[Prior, ...]:
    """Return a prior for each parameter, and log it.

    Positive parameters: log-normal of spread 2. Those between two numbers: uniform. Any number, for exponential
    weights: normal, of spread 2 over the largest coefficient.
    """
    domains = domains_of(graph)
    numbers = numbers_of_size(graph, observations, domains)
    priors = []
    for at, (domain, number) in enumerate(zip(domains, numbers, strict=True)):
        if np.isfinite(domain.high):
            priors.append(Prior("uniform", (domain.low, domain.high)))
        elif np.isfinite(domain.low):
            median = float(f"{float(domain.parameter(jnp.asarray(number))):.2g}")
            priors.append(Prior("log-normal", (median, _SPREAD)))
        else:
            slopes = np.concatenate([graph.coefficients[:, at], graph.start_coefficients[:, at]])
            priors.append(Prior("normal", (0.0, _SPREAD / (float(np.abs(slopes).max()) or 1.0))))
    logger.info("prior: none was named: %s", ", ".join(map(str, priors)))
    return tuple(priors)
