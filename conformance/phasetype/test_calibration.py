"""Simulation-based calibration: parameters drawn from the prior are found where the posterior says that they are.

Source: Talts, Betancourt, Simpson, Vehtari, Gelman, "Validating Bayesian inference algorithms with simulation-based
calibration" (2018): the share of the posterior below the parameter that made the data is uniform.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from phasetype.chains import erlang
from sharpbits.phasetype import Graph, coalescent, mm1k, sample
from sharpbits.phasetype.inference import LogLikelihood, Observations, Posterior, maximise, nuts, prior, svgd

pytestmark = pytest.mark.nightly

SEEDS = range(50)
#: A uniform sample fails a Kolmogorov-Smirnov test at this level once in a thousand runs; seeds are fixed.
LEVEL = 1e-3


def censored(times: np.ndarray, at: float) -> Observations:
    return Observations.exact(np.minimum(times, at), observed=times < at)


def counted(times: np.ndarray) -> Observations:
    edges = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, np.inf])
    return Observations.histogram(np.histogram(times, edges)[0], edges)


@pytest.mark.parametrize(
    ("method", "graph", "observed"),
    [
        ("svgd", coalescent(10), Observations.exact),
        ("svgd", coalescent(5), counted),
        ("svgd", erlang(3), lambda times: censored(times, 2.0)),
        ("nuts", coalescent(5), counted),
    ],
    ids=["particles, exact times", "particles, a histogram", "particles, censored times", "chains, a histogram"],
)
def test_ranks_of_one_parameter_are_uniform(
    method: str, graph: Graph, observed: Callable[[np.ndarray], Observations]
) -> None:
    belief = prior("gamma:4,2")
    ranks = []
    for seed in SEEDS:
        theta = stats.gamma(4, scale=1 / 2).rvs(random_state=np.random.default_rng([1, seed]))
        times = sample(graph, 20, [theta], seed=seed).times
        posterior = Posterior(LogLikelihood(graph, observed(times)), [belief])
        draws = (
            svgd(posterior, particles=100, seed=seed, starts=1)
            if method == "svgd"
            else nuts(posterior, draws=250, warmup=200, chains=2, seed=seed, starts=1)
        )
        ranks.append(float(np.mean(draws.pooled[:, 0] < theta)))
    assert stats.kstest(ranks, "uniform").pvalue > LEVEL


def test_ranks_of_two_parameters_are_uniform() -> None:
    beliefs = [prior("gamma:4,8"), prior("gamma:8,4")]
    laws = [stats.gamma(4, scale=1 / 8), stats.gamma(8, scale=1 / 4)]
    ranks = []
    for seed in SEEDS:
        rng = np.random.default_rng([2, seed])
        theta = np.array([law.rvs(random_state=rng) for law in laws])
        times = sample(mm1k(4), 40, theta, seed=seed).times
        posterior = Posterior(LogLikelihood(mm1k(4), Observations.exact(times)), beliefs)
        draws = nuts(posterior, draws=250, warmup=300, chains=2, seed=seed, starts=2)
        ranks.append(np.mean(draws.pooled < theta, axis=0))
    for at in range(2):
        assert stats.kstest([rank[at] for rank in ranks], "uniform").pvalue > LEVEL


def test_intervals_of_maximum_likelihood_contain_the_truth_as_often_as_they_say() -> None:
    """90 % of 200 seeds: binomial, to 1 in 1000."""
    inside = 0
    for seed in range(200):
        times = sample(coalescent(8), 100, [1.7], seed=seed).times
        fit = maximise(LogLikelihood(coalescent(8), Observations.exact(times)), starts=1, level=0.9)
        inside += bool(fit.low[0] < 1.7 < fit.high[0])
    low, high = stats.binom(200, 0.9).interval(0.999)
    assert low <= inside <= high
