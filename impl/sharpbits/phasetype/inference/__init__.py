"""Fit a graph to observations: likelihood, priors, maximum likelihood, Stein variational gradient descent, NUTS.

=================  ===================================================================================================
``observations``   times, histograms, censored times; ``reading`` reads them
``likelihood``     their log-likelihood, a JAX function of θ; ``tail`` where it is very small
``maximum``        the most likely θ with standard errors
``priors``         named distributions; with a likelihood a ``posterior``
``svgd``, ``nuts`` draws from it
``plots``          what is known, beside the observations
=================  ===================================================================================================
"""

from sharpbits.phasetype.inference.default_priors import default_priors
from sharpbits.phasetype.inference.domain import Domain, domains_of
from sharpbits.phasetype.inference.draws import Draws, ParameterSummary
from sharpbits.phasetype.inference.errors import (
    DataError,
    DeviceError,
    FitError,
    NotConvergedError,
    NotIdentifiedError,
)
from sharpbits.phasetype.inference.likelihood import LogLikelihood
from sharpbits.phasetype.inference.maximum import End, MaximumLikelihood, maximise
from sharpbits.phasetype.inference.nuts import nuts
from sharpbits.phasetype.inference.observations import Observations
from sharpbits.phasetype.inference.parallel import PARALLEL
from sharpbits.phasetype.inference.posterior import Posterior
from sharpbits.phasetype.inference.priors import PRIORS, Prior, prior
from sharpbits.phasetype.inference.reading import read_observations
from sharpbits.phasetype.inference.svgd import svgd

__all__ = [
    "PARALLEL",
    "PRIORS",
    "DataError",
    "DeviceError",
    "Domain",
    "Draws",
    "End",
    "FitError",
    "LogLikelihood",
    "MaximumLikelihood",
    "NotConvergedError",
    "NotIdentifiedError",
    "Observations",
    "ParameterSummary",
    "Posterior",
    "Prior",
    "default_priors",
    "domains_of",
    "maximise",
    "nuts",
    "prior",
    "read_observations",
    "svgd",
]
