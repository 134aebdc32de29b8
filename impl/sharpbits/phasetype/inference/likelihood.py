"""The log-likelihood of observations under a graph, as a JAX function of θ.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from sharpbits.phasetype import coalescent
>>> from sharpbits.phasetype.inference import LogLikelihood, Observations
>>> likelihood = LogLikelihood(coalescent(2), Observations.exact([0.5, 1.5]))
>>> print(likelihood([2.0]), jax.grad(likelihood)(jax.numpy.array([2.0])))  # 2 log 2 - 2 · 2, 2/2 - 2
-2.613705638880109 [-1.]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from sharpbits.errors import UsageError
from sharpbits.phasetype.chain import chain_of
from sharpbits.phasetype.density import cdf, pdf, pmf, survival
from sharpbits.phasetype.errors import ParameterError
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.inference.errors import DataError
from sharpbits.phasetype.inference.observations import Observations
from sharpbits.phasetype.inference.tail import log_exit_in_tail, log_or_none, log_survival_in_tail
from sharpbits.phasetype.numbers import same_type

#: What is less than this is evaluated as in the tail: uniformization drops what is less than 1e-290.
_TAIL = 1e-250
#: Beyond so many steps the kernel may take implicit ones, whose errors are absolute, of 1e-12 times the largest value
#: that there may be (:mod:`sharpbits.phasetype.transient`): then what is less than this share of it is, too.
_MANY_STEPS, _SMALL = 500.0, 1e-4

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """The log-likelihood of observations.

    A time that was seen counts with the logarithm of the density, in discrete time of the probability; a right-censored
    one with that of the survival function, however small they are; an interval with that of the probability between
    its ends, a difference of survival functions or of distribution functions, whichever are smaller: its relative
    error is of the order 1e-12 times the smaller of them over the difference. A time of exactly 0 counts with the
    chance of time 0 where the graph has one.

    Parameters
    ----------
    graph
        The model.
    observations
        What was observed.
    implementation
        Of density and distribution function; see :func:`sharpbits.phasetype.pdf`.
    max_steps
        Where uniformization would take more, about the largest rate times the largest time, the log-likelihood is -inf:
        such parameters are out of reach.

    Raises
    ------
    DataError
        An observation is impossible, whatever θ is.
    """

    graph: Graph
    observations: Observations
    implementation: str = "auto"
    max_steps: int = 10_000_000
    _parts: _Parts = field(init=False)
    _compiled: Callable[[Any], Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_parts", _parted(self.graph, self.observations))
        if self.graph.kind is Kind.DISCRETE and self.observations.largest > self.max_steps:
            raise DataError(
                "the observations cannot come from this model",
                why=f"after {self.observations.largest:,.0f} steps, more than the {self.max_steps:,} that are taken",
                resolution="allow more with max_steps",
            )
        object.__setattr__(self, "_compiled", jax.jit(self._of_rows))

    def __call__(self, theta: Float[ArrayLike, "*batch parameters"]) -> Float[Array, " *batch"]:
        """Return the log-likelihood at ``[p]``, or at each row of ``[B, p]``.

        It is -inf where θ gives no distribution, and where it is out of reach.

        A batch is best given as one: the way through the tail is taken only if one of its rows needs it. Under
        ``jax.vmap`` it would be taken always.

        Raises
        ------
        ParameterError
            θ is of another shape.
        UsageError
            It is no array of float64, or JAX's 64-bit types are off.
        """
        what = "the likelihood cannot be evaluated"
        (theta,) = same_type(what, theta=theta)
        if theta.dtype != np.float64:
            raise UsageError(what, why=f"theta is {theta.dtype}", resolution="give float64: tails need its range")
        if theta.ndim not in (1, 2) or theta.shape[-1] != self.graph.parameters:
            raise ParameterError(
                what,
                why="theta has the wrong shape",
                resolution="give [p], or [B, p]",
                expected=f"({self.graph.parameters},) or (B, {self.graph.parameters})",
                actual=theta.shape,
            )
        found: Array = self._compiled(theta if theta.ndim == 2 else theta[None])
        return found if theta.ndim == 2 else found[0]

    def _of_rows(self, theta: Any) -> Any:
        parts = self._parts
        how: dict[str, Any] = {"implementation": self.implementation, "max_steps": self.max_steps}
        theta = jnp.where(jax.vmap(self._within_reach)(theta)[:, None], theta, jnp.nan)

        def at(function: Callable[..., Any], times: Numbers) -> Any:
            return function(self.graph, times, theta, **how) if len(times) else jnp.zeros((len(theta), 0))

        value = at(pmf if self.graph.kind is Kind.DISCRETE else pdf, parts.exact)
        surviving = at(survival, parts.survival)
        tiny = jax.vmap(self._is_tiny)(theta, jnp.concatenate([value, surviving], axis=1))
        exits, survivals = lax.cond(jnp.any(tiny), self._in_tail, lambda theta: (value, surviving), theta)
        of_exits, of_survivals = tiny[:, : len(parts.exact)], tiny[:, len(parts.exact) :]
        log_exit = jnp.where(of_exits, exits, _log_unless(of_exits, value))
        log_survival = jnp.where(of_survivals, survivals, _log_unless(of_survivals, surviving))
        below = at(cdf, parts.distribution)

        total = log_exit @ parts.exact_count + log_survival[:, parts.right] @ parts.right_count
        total += log_or_none(below[:, parts.left]) @ parts.left_count
        total += self._of_intervals(below, log_survival) @ parts.interval_count
        return jnp.where(jnp.isnan(total), -jnp.inf, total)

    def _is_tiny(self, theta: Any, values: Any) -> Any:
        """Return which densities and survival functions are too small for the logarithm of what was evaluated."""
        if self.graph.kind is Kind.DISCRETE:
            return values < _TAIL
        parts, chain = self._parts, chain_of(self.graph)
        exits = jnp.max(chain.exit_weights(chain.weights(theta)))
        is_density = np.repeat([True, False], [len(parts.exact), len(parts.survival)])
        many = self._rate(theta) * np.concatenate([parts.exact, parts.survival]) > _MANY_STEPS
        return values < jnp.where(many, _SMALL * jnp.where(is_density, exits, 1), _TAIL)

    def _rate(self, theta: Any) -> Any:
        """Return the largest rate at which a state is left."""
        weights = chain_of(self.graph).weights(theta)
        return jnp.max(jax.ops.segment_sum(weights, self.graph.source, self.graph.vertices))

    def _within_reach(self, theta: Any) -> Any:
        if self.graph.kind is Kind.DISCRETE:
            return jnp.array(True)
        mean = self._rate(theta) * max(self.observations.largest, 0.0)
        # As far as a Poisson number of that mean may be from it, to what counts.
        return mean + 40 * jnp.sqrt(mean) + 500 < self.max_steps

    def _in_tail(self, theta: Any) -> Any:
        how: dict[str, Any] = {"implementation": self.implementation, "max_steps": self.max_steps}

        def at(function: Callable[..., Any], times: Numbers) -> Any:
            if not len(times):
                return jnp.zeros((len(theta), 0))
            return jax.vmap(lambda theta: function(self.graph, theta, times, **how))(theta)

        return at(log_exit_in_tail, self._parts.exact), at(log_survival_in_tail, self._parts.survival)

    def _of_intervals(self, below: Any, log_survival: Any) -> Any:
        parts = self._parts
        until, after = below[:, parts.upper[0]], below[:, parts.lower[0]]
        early = until < 0.5
        difference = log_or_none(jnp.where(early, until - after, 1))
        later, sooner = log_survival[:, parts.upper[1]], log_survival[:, parts.lower[1]]
        falls = ~early & (later < sooner)
        # log(S(a) - S(b)) = log S(a) + log(1 - S(b)/S(a)); and where S(b) underflows, S(a) is all.
        step = jnp.where(falls & (later > -jnp.inf), later - sooner, -1)
        share = jnp.where(later > -jnp.inf, jnp.log(-jnp.expm1(step)), 0)
        return jnp.where(early, difference, jnp.where(falls, sooner + share, -jnp.inf))


def _log_unless(other: Any, value: Any) -> Any:
    return log_or_none(jnp.where(other, 1, value))


@dataclass(frozen=True, eq=False)
class _Parts:
    """The times that are evaluated, each once, and which observations they belong to."""

    #: Times that were seen, and how often.
    exact: Numbers
    exact_count: Numbers
    #: Times of the survival function and of the distribution function.
    survival: Numbers
    distribution: Numbers
    #: Places in ``survival`` of the right-censored; in ``distribution`` of the left-censored.
    right: npt.NDArray[np.intp]
    right_count: Numbers
    left: npt.NDArray[np.intp]
    left_count: Numbers
    #: Places of the ends of intervals: in ``distribution``, and in ``survival``.
    lower: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    upper: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    interval_count: Numbers


def _parted(graph: Graph, observations: Observations) -> _Parts:
    lower, upper, count = observations.lower, observations.upper, observations.count
    exact, right = observations.is_exact.copy(), observations.is_right_censored & (lower >= 0)
    everything = (lower == -np.inf) & (upper == np.inf)
    left = (lower == -np.inf) & ~everything
    at_zero = exact & (lower == 0)
    if has_chance_of_zero(graph) and graph.kind is Kind.CONTINUOUS:
        exact, left = exact & ~at_zero, left | at_zero
    between = ~(exact | right | left | everything)
    _check_possible(graph, lower[exact], upper[left], lower[between], upper[between])
    distribution = np.unique(np.concatenate([upper[left], lower[between], upper[between]]))
    of_survival = np.unique(np.concatenate([lower[right], lower[between], upper[between]]))
    return _Parts(
        exact=lower[exact],
        exact_count=count[exact],
        survival=of_survival,
        distribution=distribution,
        right=np.searchsorted(of_survival, lower[right]),
        right_count=count[right],
        left=np.searchsorted(distribution, upper[left]),
        left_count=count[left],
        lower=(np.searchsorted(distribution, lower[between]), np.searchsorted(of_survival, lower[between])),
        upper=(np.searchsorted(distribution, upper[between]), np.searchsorted(of_survival, upper[between])),
        interval_count=count[between],
    )


def has_chance_of_zero(graph: Graph) -> bool:
    """Return whether the time can be 0: a start is absorbing, or the starts' probabilities need not sum to 1."""
    constant = not graph.start_coefficients.any()
    missing = not constant or graph.start_base.sum() < 1 - 1e-12
    return bool(missing or graph.absorbing[graph.start].any())


def _check_possible(graph: Graph, exact: Numbers, left: Numbers, lower: Numbers, upper: Numbers) -> None:
    """Make sure that times, the ends of left-censored ones, and intervals are possible at some θ."""
    steps = _fewest_steps(graph)
    what = "the observations cannot come from this model"
    if graph.kind is Kind.DISCRETE:
        broken = exact[exact != np.floor(exact)]
        if len(broken):
            raise DataError(
                what,
                why=f"time is a number of steps, and {broken[0]} was observed",
                resolution="give whole numbers, or use a graph of continuous time",
            )
        soonest = 0 if has_chance_of_zero(graph) else steps
        latest = np.concatenate([exact, left, upper])
        early = latest[latest < soonest]
        # Between two steps there is nothing.
        empty = upper[np.floor(upper) == np.floor(lower)]
        if len(early) or len(empty):
            raise DataError(
                what,
                why=f"it takes at least {soonest} steps, and {early[0]} was observed"
                if len(early)
                else f"no whole number of steps lies in an interval that ends at {empty[0]}",
                resolution="leave the observation out, or change the model",
            )
    elif ((exact == 0).any() and steps > 1) or ((left == 0).any() and not has_chance_of_zero(graph)):
        raise DataError(
            what,
            why="the time is never 0, nor is its density at 0, and 0 was observed",
            resolution="leave the observation out, or give the interval that the time was in",
        )


def _fewest_steps(graph: Graph) -> int:
    """Return the length of the shortest way from a start to an absorbing state."""
    reached = np.zeros(graph.vertices, bool)
    reached[graph.start] = True
    steps = 0
    absorbing = graph.absorbing
    while not (reached & absorbing).any():
        reached[graph.target[reached[graph.source]]] = True
        steps += 1
    return steps
