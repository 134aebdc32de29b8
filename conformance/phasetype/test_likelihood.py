"""The log-likelihood: densities, censored times and histograms against SciPy's and mpmath's closed forms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import stats

from phasetype import exact
from phasetype.chains import CONTINUOUS, DISCRETE, branching, discrete_walk, erlang, geometric
from phasetype.graphs import dense
from sharpbits.errors import UsageError
from sharpbits.phasetype import Graph, GraphBuilder, ParameterError, coalescent, two_island
from sharpbits.phasetype.inference import DataError, LogLikelihood, Observations
from sharpbits.phasetype.inference.tail import log_exit_in_tail, log_survival_in_tail

INF = float("inf")

#: Of a density or a survival function; see test_density_values.
RELATIVE = 2e-12


def value(graph: Graph, observations: Observations, theta: list[float]) -> float:
    return float(jax.jit(LogLikelihood(graph, observations))(jnp.array(theta)))


@pytest.mark.parametrize("stages", [1, 4])
@pytest.mark.parametrize("rate", [0.05, 1.0, 20.0])
def test_exact_and_censored_times_of_an_erlang_are_scipys(stages: int, rate: float) -> None:
    law = stats.gamma(stages, scale=1 / rate)
    observed = Observations(
        np.array([-INF, 0.5, 0.5, 1.0, 2.0]),
        np.array([0.3, 0.5, INF, 1.0, 2.5]),
        np.array([1, 2, 3, 1, 4]),
    )
    between = law.cdf(2.5) - law.cdf(2.0) if law.cdf(2.5) < 0.5 else law.sf(2.0) - law.sf(2.5)
    expected = law.logcdf(0.3) + 2 * law.logpdf(0.5) + 3 * law.logsf(0.5) + law.logpdf(1.0) + 4 * np.log(between)
    smallest = min(law.cdf(2.5), law.sf(2.0))
    # Each term to the relative error of what it is the logarithm of; the interval's cancels.
    tolerance = RELATIVE * (7 + 4 * smallest / between)
    assert abs(value(erlang(stages), observed, [rate]) - expected) <= tolerance + 1e-13 * abs(expected)


@pytest.mark.parametrize("rate", [0.1, 1.0, 5.0])
def test_a_histogram_is_multinomial(rate: float) -> None:
    counts, edges = np.array([5, 0, 3, 2, 1]), np.array([0.0, 0.5, 1.0, 2.0, 4.0, INF])
    chances = np.diff(stats.gamma(3, scale=1 / rate).cdf(edges))
    chances[-1] = stats.gamma(3, scale=1 / rate).sf(4.0)
    expected = float(counts[counts > 0] @ np.log(chances[counts > 0]))
    assert value(erlang(3), Observations.histogram(counts, edges), [rate]) == pytest.approx(expected, rel=1e-10)


def test_a_histogram_of_steps_counts_an_edge_in_the_bin_that_it_begins() -> None:
    law = stats.geom(0.25)
    found = value(geometric(), Observations.histogram([2, 3], [1.0, 3.0, 6.0]), [0.25])
    expected = 2 * np.log(law.pmf(1) + law.pmf(2)) + 3 * np.log(law.pmf(3) + law.pmf(4) + law.pmf(5) + law.pmf(6))
    assert found == pytest.approx(expected, rel=1e-12)


def test_steps_that_were_seen_or_not_are_scipys() -> None:
    law = stats.geom(0.25)
    observed = Observations.exact([1.0, 7.0, 7.0], observed=[True, True, False])
    assert value(geometric(), observed, [0.25]) == pytest.approx(
        law.logpmf(1) + law.logpmf(7) + law.logsf(7), rel=1e-12
    )


def test_the_chance_of_time_zero_counts_where_there_is_one() -> None:
    alpha, _ = dense(branching(), [0.75, 1.25])
    found = value(branching(), Observations.exact([0.0, 0.0]), [0.75, 1.25])
    assert found == pytest.approx(2 * np.log(1 - alpha.sum()), rel=1e-12)
    alpha, _ = dense(discrete_walk(), [0.625, 0.75])
    found = value(discrete_walk(), Observations.exact([0.0]), [0.625, 0.75])
    assert found == pytest.approx(np.log(1 - alpha.sum()), rel=1e-12)


def test_an_observation_that_says_nothing_changes_nothing() -> None:
    one, all_times = Observations.exact([1.0]), Observations([-INF], [INF], [3])  # type: ignore[arg-type]
    assert value(erlang(2), one + all_times, [1.0]) == value(erlang(2), one, [1.0])


# The far tail


def log_tail(graph: Graph, theta: list[float], time: float) -> tuple[Any, Any]:
    """Return log density and log survival to 40 digits, by mpmath's eigenvalues of the dense generator."""
    alpha, matrix = dense(graph, theta)
    keep = ~graph.absorbing
    with mpmath.workdps(400):  # the sums cancel: by far fewer digits than these
        s = mpmath.matrix(matrix[np.ix_(keep, keep)].tolist())
        state = mpmath.matrix([alpha[keep].tolist()]) * mpmath.expm(s * time, method="taylor")
        exits = mpmath.matrix((-matrix[np.ix_(keep, keep)].sum(axis=1)).tolist())
        return mpmath.log((state * exits)[0]), mpmath.log(sum(state))


@pytest.mark.parametrize("name", ["exponential", "Erlang of 7", "branching", "coalescent of 5", "two islands of 3"])
def test_the_tail_is_exact_where_densities_underflow(name: str) -> None:
    graph, theta = CONTINUOUS[name]
    times = jnp.array([0.5, 300.0])
    density = log_exit_in_tail(graph, jnp.array(theta), times, implementation="kernel")
    survival = log_survival_in_tail(graph, jnp.array(theta), times, implementation="kernel")
    for at, time in enumerate(times.tolist()):
        exact = log_tail(graph, theta, time)
        for found, other in zip((density[at], survival[at]), exact, strict=True):
            # 1e-12 of the scaled value; and its logarithm is added to -c t, rounded to 16 digits.
            assert abs(float(found) - float(other)) <= RELATIVE + 1e-15 * abs(float(other)), (name, time)


@pytest.mark.parametrize(
    ("time", "implementation"),
    [
        (1e3, "kernel"),
        (1e5, "kernel"),
        pytest.param(1e3, "portable", marks=pytest.mark.nightly),
        pytest.param(1e5, "portable", marks=pytest.mark.nightly),
    ],
)
def test_the_tail_of_an_erlang_is_known_however_far(time: float, implementation: str) -> None:
    """The density: its closed form; the survival function, of which SciPy knows nothing here: mpmath's."""
    law = stats.gamma(7, scale=1 / 3.0)
    found = log_exit_in_tail(erlang(7), jnp.array([3.0]), jnp.array([time]), implementation=implementation)
    assert float(found[0]) == pytest.approx(law.logpdf(time), rel=1e-14)
    found = log_survival_in_tail(erlang(7), jnp.array([3.0]), jnp.array([time]), implementation=implementation)
    with mpmath.workdps(30):
        expected = mpmath.log(mpmath.gammainc(7, 3 * time) / mpmath.gamma(7))
    assert float(found[0]) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("name", DISCRETE)
def test_the_tail_of_steps_is_exact(name: str) -> None:
    graph, theta = DISCRETE[name]
    alpha, matrix = dense(graph, theta)
    keep = ~graph.absorbing
    with mpmath.workdps(50):
        s = mpmath.matrix(matrix[np.ix_(keep, keep)].tolist())
        before = mpmath.matrix([alpha[keep].tolist()]) * s**4999
        exits = mpmath.matrix((1 - matrix[np.ix_(keep, keep)].sum(axis=1)).tolist())
        expected = float(mpmath.log((before * exits)[0])), float(mpmath.log(sum(before * s)))
    times = jnp.array([5000.0])
    found = (
        log_exit_in_tail(graph, jnp.array(theta), times, implementation="kernel"),
        log_survival_in_tail(graph, jnp.array(theta), times, implementation="kernel"),
    )
    # A probability is rounded, and 5,000 powers of it are taken.
    assert [float(one[0]) for one in found] == pytest.approx(expected, rel=1e-12)


def test_logarithms_of_a_stiff_chain_are_exact_though_its_steps_have_absolute_errors() -> None:
    """The oracle: matrices of 50 digits. From -1 to -40; steps of uniformization: 5e3, 2e5, 6e5.

    Errors of 1e-12 are 1e-8 of what is 1e-4 of the largest value, and what is less is scaled.
    """
    builder = GraphBuilder(parameters=2)
    builder.start((1,))
    builder.edge((1,), (2,), coefficients=[1.0, 0.0])
    builder.edge((2,), (1,), coefficients=[0.5, 0.0])
    builder.edge((2,), (0,), coefficients=[0.0, 1.0])
    graph, theta = builder.build(), [1e4, 1.0]
    for time in (0.5, 20.0, 60.0):
        found = value(graph, Observations.exact([time, time], observed=[True, False]), theta)
        expected = exact.mp.log(exact.pdf(graph, time, theta)) + exact.mp.log(exact.survival(graph, time, theta))
        assert found == pytest.approx(float(expected), abs=2e-8), time


def test_derivatives_in_the_tail_are_those_of_central_differences() -> None:
    graph, theta = two_island(2, 1), jnp.array([1.0, 0.5, 0.25, 0.375])
    times = jnp.array([1.0, 2000.0])

    def of_theta(theta: Any) -> Any:
        return log_exit_in_tail(graph, theta, times, implementation="kernel")

    found = jax.jacrev(of_theta)(theta)
    for at in range(4):
        step = 1e-4 * theta[at]
        moved = [of_theta(theta.at[at].add(sign * step)) for sign in (1, -1)]
        # Second order of the difference, and rounding of a logarithm of -600 divided by the step.
        np.testing.assert_allclose(found[:, at], (moved[0] - moved[1]) / (2 * step), rtol=1e-6, atol=1e-8)


# The function of θ


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_gradient_is_that_of_central_differences_near_and_far(scale: float) -> None:
    observed = Observations(np.array([-INF, 0.5, 1.0, 2.0]), np.array([0.3, 0.5, INF, 2.5]), np.array([1, 2, 3, 4]))
    likelihood = LogLikelihood(erlang(3), observed)
    gradient = float(jax.jit(jax.grad(likelihood))(jnp.array([scale]))[0])
    step = 1e-4 * scale
    rows = jax.jit(likelihood)(jnp.array([[scale + step], [scale - step]]))
    assert gradient == pytest.approx(float((rows[0] - rows[1]) / (2 * step)), rel=1e-6)


def test_a_batch_is_row_by_row() -> None:
    likelihood = LogLikelihood(coalescent(5), Observations.exact([0.5, 1.0, 40.0]))
    thetas = jnp.array([[0.5], [1.0], [1e3], [-1.0], [0.0]])
    found = jax.jit(likelihood)(thetas)
    for row, theta in zip(found, thetas, strict=True):
        assert float(row) == pytest.approx(float(jax.jit(likelihood)(theta)), rel=1e-13)
    assert found[3] == found[4] == -INF
    assert np.isfinite(found[:3]).all()


def test_parameters_that_are_out_of_reach_have_no_likelihood() -> None:
    likelihood = LogLikelihood(coalescent(3), Observations.exact([1.0]), max_steps=2000)
    assert np.isfinite(float(likelihood(jnp.array([100.0]))))
    assert float(likelihood(jnp.array([400.0]))) == -INF


def test_the_likelihood_does_not_depend_on_the_unit_of_time() -> None:
    times = np.array([0.5, 1.0, 2.0])
    for unit in (1e-6, 1.0, 1e6):
        found = value(coalescent(5), Observations.exact(times * unit), [1 / unit]) + 3 * np.log(unit)
        assert found == pytest.approx(value(coalescent(5), Observations.exact(times), [1.0]), rel=1e-12)


def test_steps_beyond_those_that_are_taken_are_refused() -> None:
    with pytest.raises(DataError, match="after 101 steps, more than the 100"):
        LogLikelihood(geometric(), Observations.exact([101.0]), max_steps=100)


@pytest.mark.parametrize(
    ("graph", "observed", "says"),
    [
        (geometric(), Observations.exact([1.5]), "a number of steps, and 1.5"),
        (geometric(), Observations.exact([0.0]), "at least 1 steps"),
        (geometric(), Observations([1.2], [1.8], [1]), "no whole number of steps"),  # type: ignore[arg-type]
        (erlang(2), Observations.exact([0.0]), "never 0"),
    ],
)
def test_impossible_observations_are_refused(graph: Graph, observed: Observations, says: str) -> None:
    with pytest.raises(DataError, match=says):
        LogLikelihood(graph, observed)


def test_a_density_at_zero_that_is_positive_counts() -> None:
    assert value(erlang(1), Observations.exact([0.0]), [3.0]) == pytest.approx(np.log(3.0), rel=1e-12)


def test_theta_of_another_shape_is_refused() -> None:
    for theta in ([], [1.0, 2.0], [[1.0, 2.0]], 1.0):
        with pytest.raises(ParameterError, match="wrong shape"):
            LogLikelihood(erlang(1), Observations.exact([1.0]))(jnp.array(theta))


def test_float32_is_not_rounded_silently() -> None:
    with pytest.raises(UsageError, match="float32"):
        LogLikelihood(erlang(1), Observations.exact([1.0]))(jnp.array([1.0], jnp.float32))


def test_competing_ends_are_one_end() -> None:
    """Two absorbing states with rates a and b are an exponential of rate a + b."""
    builder = GraphBuilder(parameters=2)
    builder.start((1,))
    builder.edge((1,), (0,), coefficients=[1.0, 0.0])
    builder.edge((1,), (2,), coefficients=[0.0, 1.0])
    found = value(builder.build(), Observations.exact([0.5, 400.0]), [1.0, 2.0])
    assert found == pytest.approx(stats.expon(scale=1 / 3).logpdf([0.5, 400.0]).sum(), rel=1e-13)
