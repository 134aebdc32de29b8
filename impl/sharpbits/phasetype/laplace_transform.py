"""The Laplace transform of the time until absorption, at real and at complex arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact
from numpy.typing import ArrayLike

from sharpbits.errors import UsageError
from sharpbits.phasetype.arguments import check_theta, over_theta
from sharpbits.phasetype.chain import Chain, chain_of
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.numbers import is_known, same_type
from sharpbits.phasetype.resolvent import Resolvent

_WHAT = "the Laplace transform cannot be evaluated"


def laplace(
    graph: Graph,
    arguments: Inexact[ArrayLike, "*arguments"],
    theta: Float[ArrayLike, "*batch parameters"] = (),
    *,
    implementation: str = "auto",
) -> Inexact[Array, "*batch_arguments"]:
    """Return E[exp(-s T)] of the time T until absorption, at each argument s.

    Method: one sparse elimination without subtractions for each argument and θ
    (:class:`sharpbits.phasetype.resolvent.Resolvent`). Differentiable in every mode and to any order, by s and θ; the
    n-th derivative at 0 is (-1)ⁿ E[Tⁿ]. In discrete time it is the generating function E[zᵀ] at z = exp(-s).

    Parameters
    ----------
    graph
        Of either kind.
    arguments
        A number or ``[S]``, real or complex, the real part at least 0. At infinity the transform is the chance of
        time 0.
    theta
        ``[p]`` or ``[B, p]``.
    implementation
        ``auto``, ``kernel`` or ``portable``.

    Returns
    -------
    Array
        ``[S]`` or ``[B, S]``, complex where the arguments are.

    Raises
    ------
    UsageError
        A real part is negative or an argument NaN (NaN under JAX's transformations), or shapes or types do not fit.
    ParameterError
        The graph cannot take this theta.
    """
    is_complex = np.iscomplexobj(arguments)
    if is_complex:
        arguments = jnp.asarray(arguments) if hasattr(arguments, "dtype") else np.asarray(arguments)
        real, imaginary, theta = same_type(_WHAT, real=arguments.real, imaginary=arguments.imag, theta=theta)
        given = jax.lax.complex(real, imaginary)
    else:
        given, theta = same_type(_WHAT, arguments=arguments, theta=theta)
    check_theta(_WHAT, graph, theta)
    if given.ndim > 1:
        raise UsageError(
            _WHAT, why="the arguments have the wrong shape", resolution="give a number or [S]", arguments=given.shape
        )
    if is_known(given) and not (np.asarray(given.real) >= 0).all():
        raise UsageError(
            _WHAT,
            why="an argument has a negative real part, or is NaN",
            resolution="give arguments with a real part of at least 0",
            arguments=given.shape,
        )
    chain = chain_of(graph)
    return chain.compiled((laplace, implementation), lambda: _transform(chain, implementation))(theta, given)


def _transform(chain: Chain, implementation: str) -> Callable[..., Array]:
    def at_all(theta: Any, arguments: Any) -> Any:
        weights, start = chain.weights(theta), chain.start(theta)
        resolvent = Resolvent(chain.plan, weights, implementation)
        exits = chain.exit_weights(weights)
        at_once = 1 - jnp.sum(start, where=~chain.absorbing)

        def at_one(s: Any) -> Any:
            regular = (s.real >= 0) & (s.real < jnp.inf)
            inside = jnp.where(regular, s, 0)
            ending = jnp.expm1(inside) if chain.discrete else inside
            found = resolvent(exits.astype(s.dtype), ending)
            value = at_once + jnp.sum(start * found)
            return jnp.where(regular, value, jnp.where(s.real == jnp.inf, at_once, jnp.nan).astype(value.dtype))

        return jax.vmap(at_one)(arguments.reshape(-1)).reshape(arguments.shape)

    return lambda theta, arguments: over_theta(at_all, theta, arguments)
