"""Samples against the distribution that they are samples of, and what quantiles and transforms have in common."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from phasetype import exact
from phasetype.chains import CONTINUOUS, DISCRETE, EVERY, branching, erlang, geometric
from phasetype.functions import CHAIN
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype import cdf, covariance, epochs, laplace, moments, pdf, pmf, quantile, sample

SIZE = 20_000


@pytest.mark.parametrize("name", ["branching", "coalescent of 5"])
def test_samples_have_the_distribution_function(name: str) -> None:
    graph, theta = CONTINUOUS[name]
    times = sample(graph, SIZE, theta, seed=1).times
    found = stats.kstest(times[times > 0], lambda t: _given_positive(graph, t, theta))
    assert found.pvalue > 1e-3
    at_once = float(cdf(graph, 0.0, theta))
    assert np.mean(times == 0) == pytest.approx(at_once, abs=4 * np.sqrt(0.25 / SIZE))


def _given_positive(graph: Any, times: Any, theta: Any) -> Any:
    at_once = float(cdf(graph, 0.0, theta))
    return (np.asarray(cdf(graph, times, theta)) - at_once) / (1 - at_once)


def test_samples_of_steps_have_the_probabilities_of_steps() -> None:
    graph, theta = DISCRETE["discrete walk"]
    times = sample(graph, SIZE, theta, seed=2).times
    steps = np.arange(8)
    expected = np.asarray(pmf(graph, steps, theta))
    counts = np.bincount(times.astype(int), minlength=8)[:8]
    observed, wanted = [*counts, SIZE - counts.sum()], [*expected * SIZE, SIZE * (1 - expected.sum())]
    assert stats.chisquare(observed, wanted).pvalue > 1e-3


def test_rewards_of_samples_have_their_mean_and_covariance_also_when_parameters_change() -> None:
    thetas, changes = [[0.3, 0.7], [-0.5, 1.0]], [0.6]
    rewards = np.array([[1.0, 0.5], [1.5, 0.25], [0.0, 0.0]])
    found = epochs.sample(CHAIN, SIZE, thetas, changes, seed=3, rewards=rewards).rewards
    means, both = epochs.covariance(CHAIN, rewards, thetas, changes)
    spread = np.sqrt(np.diag(both) / SIZE)
    np.testing.assert_allclose(found.mean(axis=0), means, atol=4 * spread.max())
    # The standard error of a variance is below 4 times the variance over the root of the size, for tails like these.
    np.testing.assert_allclose(np.cov(found.T), both, atol=16 * np.abs(both).max() / np.sqrt(SIZE))


def test_a_seed_gives_the_same_samples_and_another_seed_others() -> None:
    graph, theta = CONTINUOUS["branching"]
    one, again, other = (sample(graph, 100, theta, seed=seed).times for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_what_cannot_be_sampled_is_an_error_that_says_so() -> None:
    with pytest.raises(UsageError, match="size"):
        sample(geometric(), -1, [0.5], seed=1)
    with pytest.raises(UsageError, match="seed"):
        sample(geometric(), 1, [0.5], seed=-1)
    with pytest.raises(SharpbitsError, match="not absorbed"):
        sample(erlang(7), 10, [1.0], seed=1, max_jumps=10)


# Quantiles


@pytest.mark.parametrize("name", ["Erlang of 7", "branching"])
def test_a_quantile_is_where_the_distribution_function_has_its_probability(name: str) -> None:
    graph, theta = CONTINUOUS[name]
    probabilities = np.array([0.3, 0.5, 0.9, 1 - 1e-9])
    times = quantile(graph, probabilities, theta)
    np.testing.assert_allclose(cdf(graph, times, theta), np.maximum(probabilities, cdf(graph, 0.0, theta)), atol=2e-12)


def test_quantiles_at_their_ends() -> None:
    graph, theta = CONTINUOUS["branching"]
    at_once = float(cdf(graph, 0.0, theta))
    assert quantile(graph, [0.0, at_once, 1.0], theta).tolist() == [0, 0, np.inf]
    with pytest.raises(UsageError, match="above 1"):
        quantile(graph, [1.5], theta)


def test_a_quantile_of_steps_is_the_first_step_that_reaches_its_probability() -> None:
    probabilities = np.array([0.1, 0.25, 0.26, 0.9, 0.999])
    expected = stats.geom(0.25).ppf(probabilities)
    assert quantile(geometric(), probabilities, [0.25]).tolist() == expected.tolist()


# Transforms and moments


@pytest.mark.parametrize("name", ["branching", "coalescent of 5", "discrete walk"])
def test_the_transform_at_complex_arguments_is_that_of_50_digits(name: str) -> None:
    graph, theta = EVERY[name]
    arguments = np.array([0.3 + 2.0j, 1e-3 - 0.1j, 4.0])
    expected = [complex(exact.laplace(graph, exact.mp.mpc(s), theta)) for s in arguments]
    np.testing.assert_allclose(laplace(graph, arguments, theta), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "implementation"),
    [
        ("branching", "kernel"),
        ("coalescent of 5", "kernel"),
        ("discrete walk", "kernel"),
        ("branching", "portable"),
        pytest.param("coalescent of 5", "portable", marks=pytest.mark.nightly),
        pytest.param("discrete walk", "portable", marks=pytest.mark.nightly),
    ],
)
def test_moments_and_covariances_are_those_of_generating_functions(name: str, implementation: str) -> None:
    graph, theta = EVERY[name]
    rewards = np.arange(2 * graph.vertices).reshape(graph.vertices, 2) / 4
    columns = [exact.exactly(column) for column in rewards.T]
    means = [exact.mean_reward(graph, [theta], [], column) for column in columns]
    both = [[exact.joint_moment(graph, [theta], [], one, other) for other in columns] for one in columns]
    found = moments(graph, 2, theta, rewards=rewards, implementation=implementation)
    np.testing.assert_allclose(
        found, [[float(one) for one in means], [float(both[i][i]) for i in range(2)]], rtol=1e-13
    )
    expected = [[float(both[i][j] - means[i] * means[j]) for j in range(2)] for i in range(2)]
    found = covariance(graph, rewards, theta, implementation=implementation)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_equal_epochs_are_one() -> None:
    thetas, changes, times = [[0.3, 0.7]] * 3, [0.5, 1.5], np.array([0.0, 0.2, 0.5, 1.0, 1.5, 7.0])
    np.testing.assert_allclose(epochs.pdf(CHAIN, times, thetas, changes), pdf(CHAIN, times, thetas[0]), rtol=1e-12)
    np.testing.assert_allclose(epochs.moments(CHAIN, 3, thetas, changes), moments(CHAIN, 3, thetas[0]), rtol=1e-11)


def test_changes_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(UsageError, match="ascend"):
        epochs.pdf(CHAIN, [1.0], [[0.3, 0.7]] * 3, [1.5, 0.5])
    with pytest.raises(UsageError, match="shapes"):
        epochs.pdf(CHAIN, [1.0], [[0.3, 0.7]] * 3, [1.5])


def test_gradients_in_float32_are_those_in_float64_rounded() -> None:
    graph, theta = branching(), np.array([0.75, 1.25])

    def at(theta: Any) -> Any:
        return jnp.sum(pdf(graph, jnp.array([0.1, 1.0, 3.0], theta.dtype), theta)) + jnp.sum(moments(graph, 2, theta))

    narrow = jax.grad(at)(jnp.asarray(theta, jnp.float32))
    assert narrow.dtype == jnp.float32
    np.testing.assert_allclose(narrow, jax.grad(at)(jnp.asarray(theta)), rtol=1e-5)


def test_wide_and_narrow_numbers_do_not_mix() -> None:
    with pytest.raises(UsageError, match="float32"):
        pdf(branching(), np.array([1.0], np.float32), np.array([0.75, 1.25]))
