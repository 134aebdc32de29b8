"""The distribution of the time until absorption: density, probabilities of steps, distribution and survival function.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from sharpbits.phasetype import coalescent, pdf
>>> pdf(coalescent(2), [0.0, 1.0], theta=[2.0])
Array([2.        , 0.27067057], dtype=float64)

Each is a JAX function of times and θ, by uniformization (:mod:`sharpbits.phasetype.transient`): one sequence of sparse
products serves all times, and one more and its way back all derivatives, so give all times in one call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from sharpbits.errors import UsageError
from sharpbits.phasetype.arguments import check_theta
from sharpbits.phasetype.chain import Chain, chain_of
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.numbers import is_known, same_type
from sharpbits.phasetype.transient import Question, check_implementation, expectation

_Times = Float[ArrayLike, "*times"]
_Theta = Float[ArrayLike, "*batch parameters"]
_Result = Float[Array, "*batch_times"]
_At = Callable[..., Any]


def pdf(
    graph: Graph,
    times: _Times,
    theta: _Theta = (),
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> _Result:
    """Return the density of the time until absorption, in continuous time.

    The chance of time 0, where the starts' probabilities sum to less than 1 or a start is absorbing, is no part of it.
    The density at 0 is its limit from the right.

    Parameters
    ----------
    graph
        Of continuous time.
    times
        A number, ``[T]``, or ``[B, T]`` for B thetas. Before 0 and at infinity the density is 0.
    theta
        ``[p]``, or ``[B, p]`` for B distributions.
    implementation
        ``auto``, ``kernel`` or ``portable``; see :data:`sharpbits.phasetype.transient.IMPLEMENTATIONS`. Forward mode
        and second derivatives need ``portable``.
    tolerance
        Bound of the error that comes from ending series: relative to the result, and where uniformization would take
        too long and the kernel takes another way (see :mod:`sharpbits.phasetype.transient`), relative to the largest
        rate of absorption of a state. Rounding comes on top, of the order of 1e-16 times the square root of the steps.
    max_steps
        Uniformization takes about (largest rate of leaving a state) times (largest time) steps, fewer where all is
        absorbed before. More than these are refused by the kernel; the portable implementation gives NaN.

    Returns
    -------
    Array
        ``[T]`` or ``[B, T]``, of the type of ``times`` and ``theta``. Under JAX's transformations, NaN where a time is
        NaN or a theta gives negative or infinite weights; else those are refused.

    Raises
    ------
    UsageError
        The graph is of discrete time, a time is NaN, shapes or types do not fit, or there is no such implementation.
    ParameterError
        The graph cannot take this theta.
    SharpbitsError
        It would take more steps than ``max_steps``.

    Examples
    --------
    ::

        import jax
        import jax.numpy as jnp

        from sharpbits.phasetype import coalescent, pdf

        jax.config.update("jax_enable_x64", True)
        graph = coalescent(2)  # an exponential distribution of rate theta


        def density(rate):
            return pdf(graph, 1.0, jnp.stack([rate]))  # implementation="portable": forward mode and Hessians, too


        print(density(2.0), jax.grad(density)(2.0))  # 2 exp(-2), and -exp(-2)
    """
    _only(graph, discrete=False, instead="pmf")
    return _evaluate(_density, graph, times, theta, implementation, tolerance, max_steps)


def pmf(
    graph: Graph,
    times: _Times,
    theta: _Theta = (),
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> _Result:
    """Return the probability of absorption after exactly so many steps, in discrete time.

    At 0 it is the chance of having started in an absorbing state, or not at all. Between whole numbers it is 0. See
    :func:`pdf` for the parameters; the derivative by time is 0.
    """
    _only(graph, discrete=True, instead="pdf")
    return _evaluate(_probability, graph, times, theta, implementation, tolerance, max_steps)


def cdf(
    graph: Graph,
    times: _Times,
    theta: _Theta = (),
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> _Result:
    """Return the probability that absorption happens at or before each time; see :func:`pdf`.

    0 before 0, the chance of time 0 at 0, 1 at infinity. In discrete time it counts the whole steps of each time.

    Examples
    --------
    ::

        import jax

        from sharpbits.phasetype import cdf, coalescent

        jax.config.update("jax_enable_x64", True)
        print(*cdf(coalescent(2), [-1.0, 1.0], [2.0]).tolist())  # 0, and 1 - exp(-2)
    """
    return _evaluate(_distribution, graph, times, theta, implementation, tolerance, max_steps)


def survival(
    graph: Graph,
    times: _Times,
    theta: _Theta = (),
    *,
    implementation: str = "auto",
    tolerance: float = 1e-12,
    max_steps: int = 10_000_000,
) -> _Result:
    """Return the probability that absorption happens after each time, as exactly in the tail; see :func:`pdf`."""
    return _evaluate(_survival, graph, times, theta, implementation, tolerance, max_steps)


# Each as an expectation: of which functional of the state, and what it is where time is no ordinary time.


def _density(chain: Chain, theta: Any, at: _At) -> Any:
    weights = chain.weights(theta)
    return at(weights, chain.start(theta), chain.exit_weights(weights), before=0.0, at_infinity=0.0)


def _probability(chain: Chain, theta: Any, at: _At) -> Any:
    weights, start = chain.weights(theta), chain.start(theta)
    at_once = 1 - jnp.sum(start, where=~chain.absorbing)
    return at(weights, start, chain.exit_weights(weights), before=0.0, at_infinity=0.0, at_zero=at_once, lag=1)


def _distribution(chain: Chain, theta: Any, at: _At) -> Any:
    start = chain.start(theta)
    defect = jnp.maximum(1 - jnp.sum(start), 0)
    absorbing = jnp.asarray(chain.absorbing, theta.dtype)
    return at(chain.weights(theta), start, absorbing, before=0.0, at_infinity=1.0, added=defect)


def _survival(chain: Chain, theta: Any, at: _At) -> Any:
    transient = jnp.asarray(~chain.absorbing, theta.dtype)
    return at(chain.weights(theta), chain.start(theta), transient, before=1.0, at_infinity=0.0)


_WHAT: dict[Callable[..., Any], str] = {
    _density: "the density",
    _probability: "the probability",
    _distribution: "the distribution function",
    _survival: "the survival function",
}


def _only(graph: Graph, *, discrete: bool, instead: str) -> None:
    if (graph.kind is Kind.DISCRETE) != discrete:
        raise UsageError(
            "the graph has no such function",
            why=f"its time is {graph.kind}",
            resolution=f"use phasetype.{instead}",
        )


def _evaluate(
    of_row: Callable[[Chain, Any, _At], Any],
    graph: Graph,
    times: Any,
    theta: Any,
    implementation: str,
    tolerance: float,
    max_steps: int,
) -> Array:
    """Check arguments, and evaluate a function for each theta."""
    what = f"{_WHAT[of_row]} cannot be evaluated"
    times, theta = same_type(what, times=times, theta=theta)
    _check(what, graph, times, theta)
    check_implementation(implementation)
    chain = chain_of(graph)

    def make() -> Callable[..., Array]:
        question = Question(chain.plan, chain.discrete, tolerance, max_steps)

        def of_one(theta: Any, times: Any) -> Any:
            at = functools.partial(_at_times, question, implementation, times.reshape(-1))
            return of_row(chain, theta, at).reshape(times.shape)

        def of_all(theta: Any, times: Any) -> Any:
            if theta.ndim == 1:
                return of_one(theta, times)
            return jax.vmap(of_one, in_axes=(0, 0 if times.ndim == 2 else None))(theta, times)

        return of_all

    return chain.compiled((of_row, implementation, tolerance, max_steps), make)(theta, times)


def _at_times(
    question: Question,
    implementation: str,
    times: Any,
    weights: Any,
    start: Any,
    functional: Any,
    *,
    before: float,
    at_infinity: float,
    added: Any = 0.0,
    at_zero: Any = None,
    lag: int = 0,
) -> Any:
    """Return an expectation at any times, ``lag`` steps earlier, with ``added`` to it."""
    whole = jnp.floor(times) if question.discrete else times
    regular = (times >= lag) & (times < jnp.inf)
    inside = jnp.where(regular, whole - lag, 0)
    value, _ = expectation(question, weights, start, functional, inside, times[:0], implementation=implementation)
    other = jnp.where(times < 0, before, jnp.where(times == jnp.inf, at_infinity, jnp.nan))
    found = jnp.where(regular, value + added, other)
    if at_zero is None:
        return found
    return jnp.where(times == whole, jnp.where(times == 0, at_zero, found), jnp.where(jnp.isnan(times), jnp.nan, 0))


def _check(what: str, graph: Graph, times: Any, theta: Any) -> None:
    check_theta(what, graph, theta)
    if times.ndim > 2 or (times.ndim == 2 and (theta.ndim != 2 or len(theta) != len(times))):
        raise UsageError(
            what,
            why="the shapes of times and theta do not fit each other",
            resolution=f"give times [T] and theta [{graph.parameters}] or [B, {graph.parameters}], "
            f"or times [B, T] and theta [B, {graph.parameters}]",
            times=times.shape,
            theta=theta.shape,
        )
    if is_known(times) and jnp.isnan(times).any():
        raise UsageError(what, why="a time is NaN", resolution="give times that are numbers", times=times.shape)
