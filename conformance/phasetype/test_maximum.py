"""Maximum likelihood against closed forms; what is found of simulated times; what cannot be found."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, stats

from phasetype.chains import erlang, geometric, hypoexponential, log_linear
from sharpbits.errors import UsageError
from sharpbits.phasetype import GraphBuilder, Kind, block_counting, coalescent, sample, two_island
from sharpbits.phasetype.inference import (
    FitError,
    LogLikelihood,
    NotConvergedError,
    NotIdentifiedError,
    Observations,
    maximise,
)

INF = float("inf")


@pytest.mark.parametrize("unit", [1e-5, 1e5])
def test_an_exponential_is_fitted_as_in_textbooks(unit: float) -> None:
    """Rate: ended over all time watched; its standard error is that over √ended; the interval that of the logarithm."""
    times = np.array([0.3, 0.5, 1.1, 2.0, 0.7]) * unit
    ended = np.array([True, True, False, True, True])
    fit = maximise(LogLikelihood(erlang(1), Observations.exact(times, observed=ended)), starts=2)
    rate = 4 / times.sum()
    reach = np.exp(stats.norm.ppf(0.975) / 2)
    found = [fit.theta[0], fit.standard_error[0], fit.low[0], fit.high[0]]
    # The end of the climb is quadratic in the last step of 1e-4 standard errors; the Hessian's error is of 1e-9.
    assert found == pytest.approx([rate, rate / 2, rate / reach, rate * reach], rel=1e-7)
    assert fit.log_likelihood == pytest.approx(4 * np.log(rate) - 4, rel=1e-12)
    assert fit.aic == pytest.approx(2 - 2 * fit.log_likelihood)
    assert fit.agreeing == 2


def test_a_probability_is_fitted_within_its_bounds() -> None:
    """Successes over trials, and the standard error of a proportion; the interval's ends have logits ± 1.96 errors."""
    steps = np.array([1.0, 1.0, 2.0, 5.0, 3.0])
    fit = maximise(LogLikelihood(geometric(), Observations.exact(steps)), starts=2)
    p, n = 5 / steps.sum(), steps.sum()
    assert fit.theta[0] == pytest.approx(p, rel=1e-7)
    assert fit.standard_error[0] == pytest.approx(np.sqrt(p * (1 - p) / n), rel=1e-7)
    reach = stats.norm.ppf(0.975) / np.sqrt(n * p * (1 - p))
    assert fit.low[0] == pytest.approx(1 / (1 + (1 - p) / p * np.exp(reach)), rel=1e-7)
    assert 0 < fit.low[0] < fit.high[0] < 1


def test_a_histogram_is_fitted_as_scipy_fits_it() -> None:
    counts, edges = np.array([8, 10, 5, 2]), np.array([0.0, 1.0, 2.0, 4.0, 9.0])
    fit = maximise(LogLikelihood(erlang(3), Observations.histogram(counts, edges)), starts=2)

    def against(rate: float) -> float:
        return -float(counts @ np.log(np.diff(stats.gamma(3, scale=1 / rate).cdf(edges))))

    oracle = optimize.minimize_scalar(against, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-10})
    assert fit.theta[0] == pytest.approx(oracle.x, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(-oracle.fun, rel=1e-10)


def test_the_information_is_the_exact_hessian() -> None:
    """The oracle: JAX's Hessian of the closed form a b (e^(-a t) - e^(-b t))/(b - a), in θ itself."""
    times = sample(hypoexponential(), 60, [0.5, 2.0, 11.0], seed=3).times
    builder_of_two = GraphBuilder(parameters=2)
    builder_of_two.start((2,))
    builder_of_two.edge((2,), (1,), coefficients=[1.0, 0.0])
    builder_of_two.edge((1,), (0,), coefficients=[0.0, 1.0])
    two = builder_of_two.build()
    fit = maximise(LogLikelihood(two, Observations.exact(times)), starts=3, seed=1)

    def total(theta: jax.Array) -> jax.Array:
        a, b = theta
        return jnp.sum(jnp.log(a * b * (jnp.exp(-a * times) - jnp.exp(-b * times)) / (b - a)))

    information = -np.asarray(jax.jit(jax.hessian(total))(jnp.array(fit.theta)))
    # At the top the gradient is 0, so the information about θ is that about log θ, mapped.
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_coalescent_rates_are_found_within_their_intervals(seed: int) -> None:
    """Of two seeds: with 99.9 % each. Fifty and more are in test_calibration."""
    for graph in (coalescent(10), block_counting(6)):
        times = sample(graph, 300, [1.7], seed=seed).times
        fit = maximise(LogLikelihood(graph, Observations.exact(times)), starts=2, level=0.999)
        assert fit.low[0] < 1.7 < fit.high[0]
        assert fit.standard_error[0] == pytest.approx(1.7 * 0.58 / np.sqrt(300), rel=0.3)


def test_rates_of_two_islands_are_found_within_their_intervals() -> None:
    """Equal islands: one rate of coalescing, one of moving."""
    whole = two_island(3, 1)
    symmetric = GraphBuilder(parameters=2)
    symmetric.start((3, 1))
    for source, target, slopes in zip(whole.source, whole.target, whole.coefficients, strict=True):
        symmetric.edge(
            tuple(whole.states[source]),
            tuple(whole.states[target]),
            coefficients=[slopes[:2].sum(), slopes[2:].sum()],
        )
    graph = symmetric.build()
    times = sample(graph, 400, [1.0, 0.2], seed=5).times
    fit = maximise(LogLikelihood(graph, Observations.exact(times)), level=0.999)
    assert (fit.low < [1.0, 0.2]).all()
    assert (fit.high > [1.0, 0.2]).all()


def test_exponential_weights_take_any_number() -> None:
    graph = log_linear()
    times = sample(graph, 300, [0.25, 0.75], seed=2).times
    fit = maximise(LogLikelihood(graph, Observations.exact(times)), level=0.999)
    assert (fit.low < [0.25, 0.75]).all()
    assert (fit.high > [0.25, 0.75]).all()


def test_starts_are_drawn_by_their_seed() -> None:
    likelihood = LogLikelihood(erlang(2), Observations.exact([0.5, 1.0]))
    one, same, other = (maximise(likelihood, starts=3, seed=seed) for seed in (1, 1, 2))
    assert [end.start.tolist() for end in one.ends] == [end.start.tolist() for end in same.ends]
    assert {float(end.start[0]) for end in one.ends} != {float(end.start[0]) for end in other.ends}


def test_progress_is_reported() -> None:
    told: list[tuple[int, int, float]] = []
    fit = maximise(
        LogLikelihood(erlang(2), Observations.exact([0.5, 1.0])),
        starts=2,
        report=lambda *figures: told.append(figures),
    )
    assert [figures[:2] for figures in told] == [(1, 2), (2, 2)]
    assert told[-1][2] == pytest.approx(fit.log_likelihood)


def redundant() -> GraphBuilder:
    builder = GraphBuilder(parameters=2)
    builder.start((1,))
    builder.edge((1,), (0,), coefficients=[1.0, 1.0])
    return builder


def test_parameters_of_which_only_the_sum_counts_are_not_identified() -> None:
    likelihood = LogLikelihood(redundant().build(), Observations.exact([0.5, 1.0, 1.5]))
    with pytest.raises(NotIdentifiedError, match="flat along a combination") as error:
        maximise(likelihood)
    direction = np.array(error.value.context["direction"])
    assert direction[0] == pytest.approx(-direction[1], rel=1e-3)


@pytest.mark.parametrize(
    "observed",
    [Observations([1.0], [INF], [4]), Observations([-INF], [1.0], [4])],  # type: ignore[arg-type]
)
def test_times_of_which_only_a_bound_is_known_say_nothing_of_a_rate(observed: Observations) -> None:
    with pytest.raises(NotIdentifiedError, match="towards an end of the domain"):
        maximise(LogLikelihood(erlang(2), observed))


def test_a_maximum_at_the_edge_of_what_the_graph_takes_is_none() -> None:
    """Two ways out of a state, whose probabilities sum to at most 1, and no time but the first step."""
    builder = GraphBuilder(parameters=2, kind=Kind.DISCRETE)
    builder.start((1,))
    builder.edge((1,), (0,), coefficients=[1.0, 0.0])
    builder.edge((1,), (2,), coefficients=[0.0, 1.0])
    likelihood = LogLikelihood(builder.build(), Observations.exact([1.0, 1.0, 1.0]))
    with pytest.raises(NotConvergedError, match="the edge of the parameters that the graph takes"):
        maximise(likelihood)


def test_a_climb_that_is_cut_short_is_no_result() -> None:
    times = sample(hypoexponential(), 50, [0.5, 2.0, 11.0], seed=3).times
    with pytest.raises((NotConvergedError, NotIdentifiedError)):
        maximise(LogLikelihood(hypoexponential(), Observations.exact(times)), starts=1, max_iterations=1)


def test_observations_of_another_world_are_refused() -> None:
    builder = GraphBuilder(parameters=1)
    builder.start((1,))
    builder.edge((1,), (0,), 1e-9, [1e-9])
    likelihood = LogLikelihood(builder.build(), Observations.exact([1e30]), max_steps=1000)
    with pytest.raises(FitError, match="no likelihood at any"):
        maximise(likelihood)


def test_what_makes_no_sense_is_refused() -> None:
    likelihood = LogLikelihood(erlang(1), Observations.exact([1.0]))
    with pytest.raises(UsageError, match="0 starts"):
        maximise(likelihood, starts=0)
    for level in (1.0, float("nan")):
        with pytest.raises(UsageError, match=f"level {level:g}"):
            maximise(likelihood, level=level)
    with pytest.raises(UsageError, match="0 iterations"):
        maximise(likelihood, max_iterations=0)
    constant = GraphBuilder()
    constant.start((1,))
    constant.edge((1,), (0,), 1.0)
    with pytest.raises(UsageError, match="no parameters"):
        maximise(LogLikelihood(constant.build(), Observations.exact([1.0])))
