"""What is trained: the rotation angles of the circuit, and the line that makes a logit of its expectation value."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np


class Parameters(NamedTuple):
    """The trainable numbers of a classifier; a JAX pytree. ``logit = alpha * <Z0> + bias``.

    Attributes
    ----------
    weights
        Rotation angles in radians, ``[layers, wires, 3]``, in the circuit order RZ, RY, RZ.
    bias, alpha
        Scalars of the same floating-point type.
    """

    weights: jax.Array
    bias: jax.Array
    alpha: jax.Array


#: The slope of the logit at the start: ``<Z0>`` in [-1, 1] reaches any probability that a loss asks for early on.
INITIAL_ALPHA = 6.0
#: Standard deviation of the first angles, in radians. Nearer to the identity ``<Z0>`` is an even function of every
#: feature, a saddle point that training leaves slowly; wider, its gradient vanishes with the number of wires.
INITIAL_SPREAD = 0.5


def initial_parameters(layers: int, wires: int, dtype: np.dtype[Any], seed: int) -> Parameters:
    """Draw the parameters that training starts from.

    Method: normal angles of standard deviation 0.5, drawn in float64 and rounded, so that both precisions start from
    the same point. Source: Zhang et al., NeurIPS 2022, "Escaping from the barren plateau via Gaussian
    initializations".
    """
    generator = np.random.default_rng([seed, layers, wires])
    weights = INITIAL_SPREAD * generator.standard_normal((layers, wires, 3))
    return Parameters(
        weights=jax.numpy.asarray(weights, dtype),
        bias=jax.numpy.zeros((), dtype),
        alpha=jax.numpy.asarray(INITIAL_ALPHA, dtype),
    )
