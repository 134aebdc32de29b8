"""Priors against scipy.stats, the change of variables against quadrature, and where parameters may lie."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from phasetype.chains import discrete_walk, erlang, geometric, log_linear
from sharpbits.errors import UsageError
from sharpbits.phasetype import GraphBuilder, coalescent, mm1k
from sharpbits.phasetype.inference import (
    PRIORS,
    Domain,
    LogLikelihood,
    Observations,
    Posterior,
    Prior,
    default_priors,
    domains_of,
    prior,
)

INF = float("inf")

#: Text: SciPy's distribution.
LAWS = {
    "log-normal:2,0.5": stats.lognorm(0.5, scale=2),
    "gamma:2.5,0.5": stats.gamma(2.5, scale=2),
    "inverse-gamma:3,2": stats.invgamma(3, scale=2),
    "exponential:4": stats.expon(scale=0.25),
    "half-normal:3": stats.halfnorm(scale=3),
    "half-cauchy:2": stats.halfcauchy(scale=2),
    "uniform:-1,3": stats.uniform(-1, 4),
    "beta:2,0.5": stats.beta(2, 0.5),
    "normal:-1,2": stats.norm(-1, 2),
}


def test_every_prior_is_tested() -> None:
    assert {text.partition(":")[0] for text in LAWS} == set(PRIORS)


@pytest.mark.parametrize("text", LAWS)
def test_log_densities_are_scipys(text: str) -> None:
    law = LAWS[text]
    points = law.ppf([1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999])
    found = np.asarray(prior(text).log_density(points))
    # The terms of a logarithm cancel: to rounding of the largest of them.
    np.testing.assert_allclose(found, law.logpdf(points), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", LAWS)
def test_the_density_of_the_numbers_that_stand_for_parameters_sums_to_one(text: str) -> None:
    """And the chance of a part of them is SciPy's of the parameters that they stand for."""
    one, law = prior(text), LAWS[text]
    ends = [float(one.domain.free(end)) for end in law.ppf([0.2, 0.7])]
    density = lambda free: float(np.exp(one.log_density_of_free(free)))  # noqa: E731
    total, _ = quad(density, -60 if one.domain.low != -INF else -40, 60, limit=500, points=ends)
    part, _ = quad(density, *ends, limit=200)
    assert part == pytest.approx(0.5, abs=1e-8)
    # A half-Cauchy's tail ends at 60, and half a beta's at -60.
    assert total == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("domain", [Domain(), Domain(-INF, INF), Domain(2.0, 5.0), Domain(-INF, 1.0), Domain(3.0)])
@given(free=st.floats(-20, 20))
def test_a_domain_and_all_numbers_are_mapped_onto_each_other(domain: Domain, free: float) -> None:
    parameter = float(domain.parameter(free))
    assert domain.low <= parameter <= domain.high
    size = abs(parameter) + max(abs(end) for end in (domain.low, domain.high, 1.0) if np.isfinite(end))
    back = float(domain.parameter(domain.free(parameter))) if domain.low < parameter < domain.high else parameter
    assert abs(back - parameter) <= 4e-15 * size * (1 + abs(free))
    step = 1e-5
    slope = (float(domain.parameter(free + step)) - float(domain.parameter(free - step))) / (2 * step)
    # Second order, and rounding of parameters divided by the step.
    assert abs(np.exp(float(domain.log_slope(free))) - slope) <= 1e-9 * (slope + 1e-2 * size)


def test_where_parameters_may_lie_follows_from_the_graph() -> None:
    assert domains_of(coalescent(4)) == (Domain(),)
    assert domains_of(geometric()) == (Domain(0.0, 1.0),)
    assert domains_of(log_linear()) == (Domain(-INF, INF),) * 2
    # 0.25 + 0.125 + θ₂/2 out of (2,), and θ₁ + θ₂/4 out of (1,): each at most 1.
    assert domains_of(discrete_walk()) == (Domain(0.0, 1.0), Domain(0.0, 1.25))
    builder = GraphBuilder(parameters=2)
    builder.start((1,), 0.5, [0.0, 0.25])  # at most 1
    builder.start((2,), 0.25)
    builder.edge((1,), (0,), 3.0, [-1.0, 0.0])
    builder.edge((2,), (0,), 1.0)
    assert domains_of(builder.build()) == (Domain(0.0, 3.0), Domain(0.0, 1.0))


def test_a_graph_that_takes_no_positive_parameter_is_refused() -> None:
    builder = GraphBuilder(parameters=1)
    builder.start((1,), 1.0, [0.0])
    builder.edge((1,), (0,), 1.0, [0.0])
    builder.edge((1,), (2,), -1.0, [-1.0])
    with pytest.raises(UsageError, match="no positive parameters"):
        domains_of(builder.build())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gama:1,1", "name gamma"),
        ("gamma", "needs 2 numbers, and 0"),
        ("gamma:1", r"needs 2 numbers[\s\S]*gamma:SHAPE,RATE"),
        ("gamma:1,-1", "its rate is -1.0"),
        ("gamma:1,x", "no numbers"),
        ("half-cauchy:inf", "its scale is inf"),
        ("normal:nan,1", "its mean is nan"),
        ("uniform:2,1", "2 is not less than 1"),
        ("", "is none of"),
    ],
)
def test_malformed_priors_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        prior(text)


@pytest.mark.parametrize("text", LAWS)
def test_a_prior_is_written_as_it_is_read(text: str) -> None:
    assert str(prior(text)) == text
    assert prior(str(prior(text))) == prior(text)


def test_priors_must_fit_the_graph() -> None:
    likelihood = LogLikelihood(coalescent(3), Observations.exact([1.0]))
    with pytest.raises(UsageError, match="2 priors, and the graph has 1"):
        Posterior(likelihood, [prior("gamma:1,1")] * 2)
    with pytest.raises(UsageError, match=r"lies in \(-inf, inf\), and the graph takes \(0, inf\)"):
        Posterior(likelihood, [prior("normal:0,1")])
    steps = LogLikelihood(geometric(), Observations.exact([1.0]))
    with pytest.raises(UsageError, match=r"lies in \(2, 3\)"):
        Posterior(steps, [prior("uniform:2,3")])


def test_the_posterior_is_likelihood_times_prior() -> None:
    """An exponential with a gamma prior: gamma again, up to a constant."""
    times = np.array([0.5, 1.0, 2.5])
    posterior = Posterior(LogLikelihood(erlang(1), Observations.exact(times)), [prior("gamma:2,3")])
    theta = np.array([0.2, 0.9, 4.0])
    found = np.asarray(posterior.log_density(jnp.log(theta)[:, None]))
    expected = stats.gamma(2 + 3, scale=1 / (3 + times.sum())).logpdf(theta) + np.log(theta)
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=1e-11)


def test_priors_that_nobody_names_are_logged_and_know_the_unit_of_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for unit in (1e-4, 1.0, 1e4):
        (found,) = default_priors(coalescent(2), Observations.exact([0.5 * unit, 1.5 * unit]))
        assert found.name == "log-normal"
        assert found.numbers[0] * unit == pytest.approx(1.0, rel=0.1)
        assert str(found) in caplog.text
    assert default_priors(geometric(), Observations.exact([2.0])) == (Prior("uniform", (0.0, 1.0)),)
    assert {one.name for one in default_priors(log_linear(), Observations.exact([2.0]))} == {"normal"}
    assert len(default_priors(mm1k(4), Observations.exact([2.0]))) == 2
