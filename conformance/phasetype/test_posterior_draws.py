"""Particles and chains against quadrature of the exact posterior, and against each other."""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phasetype.chains import erlang, geometric
from phasetype.posteriors import Exact, quadrature
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype import GraphBuilder, coalescent, sample
from sharpbits.phasetype.inference import (
    DeviceError,
    Draws,
    LogLikelihood,
    NotConvergedError,
    Observations,
    Posterior,
    nuts,
    prior,
    svgd,
)
from sharpbits.phasetype.inference.nuts import agreement
from sharpbits.phasetype.inference.svgd import driving_force
from sharpbits.phasetype.inference.whitening import whitened

SRC = Path(__file__).parents[1]


def coalescent_posterior(count: int = 30) -> Posterior:
    times = sample(coalescent(10), count, [1.7], seed=4).times
    return Posterior(LogLikelihood(coalescent(10), Observations.exact(times)), [prior("half-cauchy:1")])


def censored_posterior() -> Posterior:
    """Skewed: two times, of which one was not seen to end."""
    observed = Observations.exact([0.5, 1.5], observed=[True, False])
    return Posterior(LogLikelihood(erlang(2), observed), [prior("gamma:1.5,1")])


def two_stages() -> Posterior:
    builder = GraphBuilder(parameters=2)
    builder.start((2,))
    builder.edge((2,), (1,), coefficients=[1.0, 0.0])
    builder.edge((1,), (0,), coefficients=[0.0, 1.0])
    graph = builder.build()
    times = sample(graph, 80, [0.5, 4.0], seed=1).times
    priors = [prior("log-normal:0.5,0.3"), prior("log-normal:4,0.5")]
    return Posterior(LogLikelihood(graph, Observations.exact(times)), priors)


@functools.cache
def exactly_coalescent() -> Exact:
    return quadrature(coalescent_posterior(), (-1.0, 2.0))


def test_particles_drive_each_other_as_the_formula_says() -> None:
    """Liu and Wang's sum, one pair of particles after the other."""
    rng = np.random.default_rng(0)
    place, gradient = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    squares = [((a - b) ** 2).sum() for a in place for b in place]
    bandwidth = np.median(squares) / np.log(8)
    expected = np.zeros((7, 2))
    for i, here in enumerate(place):
        for j, there in enumerate(place):
            kernel = np.exp(-((here - there) ** 2).sum() / bandwidth)
            # By the other's place the kernel rises towards here.
            expected[i] += (kernel * gradient[j] + kernel * 2 / bandwidth * (here - there)) / 7
    np.testing.assert_allclose(driving_force(jnp.array(place), jnp.array(gradient)), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "numbers", [(50,), pytest.param((50, 100, 200), marks=pytest.mark.nightly)], ids=["few", "few and many"]
)
def test_particles_have_the_posteriors_mean_and_nearly_its_spread(numbers: tuple[int, ...]) -> None:
    """The spread of n particles is 2/n too small: 2 % for 100, half of it for twice as many."""
    exact, short = exactly_coalescent(), []
    for particles in numbers:
        (found,) = svgd(coalescent_posterior(), particles=particles, starts=1).summary()
        assert found.mean == pytest.approx(exact.mean[0], abs=0.01 * exact.deviation[0] + 1e-3 * exact.mean[0])
        short.append(1 - found.standard_deviation / exact.deviation[0])
        assert 0.5 / particles < short[-1] < 4 / particles
    assert short == sorted(short, reverse=True)


def test_chains_have_the_posteriors_mean_and_spread() -> None:
    exact = exactly_coalescent()
    draws = nuts(coalescent_posterior(), starts=1)
    (found,) = draws.summary()
    assert draws.settled
    assert found.effective is not None
    assert found.effective > 400
    assert found.r_hat == pytest.approx(1, abs=0.01)
    # Five standard errors of the mean; a standard deviation's is that over √2.
    error = 5 * exact.deviation[0] / np.sqrt(found.effective)
    assert found.mean == pytest.approx(exact.mean[0], abs=error)
    assert found.standard_deviation == pytest.approx(exact.deviation[0], abs=error)
    for probability, value in found.quantiles.items():
        chance = np.sqrt(probability * (1 - probability) / found.effective)
        assert exact.cdf(value) == pytest.approx(probability, abs=5 * chance + 0.01)


@pytest.mark.nightly
def test_a_skewed_posterior_is_matched_by_both() -> None:
    exactly = quadrature(censored_posterior(), (-12.0, 4.0), points=2001)
    particles = svgd(censored_posterior(), particles=200, starts=2).summary()[0]
    chains = nuts(censored_posterior(), starts=2).summary()[0]
    deviation = exactly.deviation[0]
    assert particles.mean == pytest.approx(exactly.mean[0], abs=0.03 * deviation)
    assert particles.standard_deviation == pytest.approx(deviation, rel=0.05)
    assert chains.effective is not None
    assert chains.mean == pytest.approx(exactly.mean[0], abs=5 * deviation / np.sqrt(chains.effective))
    # One kernel that is as wide as the posterior lets a handful of 200 particles stand unevenly.
    assert exactly.cdf(particles.quantiles[0.5]) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("count", "drawn"),
    [(60, 300), pytest.param(200, 1000, marks=pytest.mark.nightly)],
    ids=["few", "many"],
)
def test_two_parameters_agree_with_quadrature_and_with_each_other(count: int, drawn: int) -> None:
    exactly = quadrature(two_stages(), (-2.5, 1.5), (-2.5, 5.5), points=121)
    particles = svgd(two_stages(), particles=count, starts=2)
    chains = nuts(two_stages(), draws=drawn, warmup=300, chains=2, starts=2)
    for at, (one, other) in enumerate(zip(particles.summary(), chains.summary(), strict=True)):
        deviation = exactly.deviation[at]
        assert other.effective is not None
        error = 5 * deviation / np.sqrt(other.effective)
        assert other.mean == pytest.approx(exactly.mean[at], abs=error)
        assert one.mean == pytest.approx(exactly.mean[at], abs=0.05 * deviation)
        # The spread is 4/n too small where the posterior is near to normal: of the logarithm.
        logarithm = np.log(exactly.theta[:, at])
        exact_spread = np.sqrt(exactly.chance @ (logarithm - exactly.chance @ logarithm) ** 2)
        short = 1 - np.log(particles.pooled[:, at]).std() / exact_spread
        assert 2 / count < short < 8 / count
        assert one.mean == pytest.approx(other.mean, abs=error + 0.05 * deviation)


def test_a_probability_stays_a_probability() -> None:
    posterior = Posterior(LogLikelihood(geometric(), Observations.exact([1.0, 1.0, 1.0])), [prior("beta:1,1")])
    found = svgd(posterior, particles=100, starts=1)
    assert ((found.theta > 0) & (found.theta < 1)).all()
    # Conjugate: beta(4, 1).
    assert found.summary()[0].mean == pytest.approx(0.8, abs=0.005)


def test_the_same_seed_gives_the_same_particles_one_by_one_and_as_a_batch() -> None:
    posterior, how = two_stages(), {"particles": 20, "starts": 1, "max_iterations": 50}
    one, batch = (svgd(posterior, parallel=parallel, seed=3, **how) for parallel in ("none", "vmap"))  # type: ignore[arg-type]
    assert one.diagnostics["iterations"] == batch.diagnostics["iterations"]
    # Sums of logarithms in another order: rounding, which the particles' attraction to the mode does not let grow.
    np.testing.assert_allclose(one.theta, batch.theta, rtol=1e-9)
    again, other = (svgd(posterior, seed=seed, **how) for seed in (3, 4))  # type: ignore[arg-type]
    assert (again.theta == batch.theta).all()
    assert (other.theta != batch.theta).any()


_ON_DEVICES = """
import json, sys
import jax
jax.config.update("jax_enable_x64", True)
sys.path.insert(0, {src!r})
from phasetype.test_posterior_draws import coalescent_posterior
from sharpbits.phasetype.inference import svgd
found = {{}}
for parallel in ("none", "vmap", "pmap"):
    draws = svgd(coalescent_posterior(8), particles=12, parallel=parallel, starts=1, seed=2, max_iterations=50)
    found[parallel] = [draws.theta.reshape(-1).tolist(), draws.diagnostics["iterations"], draws.diagnostics["devices"]]
try:
    svgd(coalescent_posterior(8), particles=13, parallel="pmap")
except Exception as error:
    found["refused"] = str(error)
print(json.dumps(found))
"""


def test_the_same_seed_gives_the_same_particles_on_four_devices() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _ON_DEVICES.format(src=str(SRC))],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={
            **os.environ,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
            "JAX_PLATFORMS": "cpu",
        },
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["pmap"][2] == 4
    for how in ("none", "pmap"):
        np.testing.assert_allclose(found[how][0], found["vmap"][0], rtol=1e-9)
        assert found[how][1] == found["vmap"][1]
    assert "13 particles cannot be shared out evenly to 4 devices" in found["refused"]
    assert "use 12 particles, or 16" in found["refused"]


def test_pmap_with_one_device_is_an_error_that_names_it_and_the_alternative() -> None:
    if len(jax.local_devices()) > 1:
        pytest.skip("JAX has several devices here")
    with pytest.raises(RuntimeError, match=r"one: [\s\S]*use parallel='vmap'") as error:
        svgd(coalescent_posterior(), parallel="pmap")
    assert isinstance(error.value, DeviceError)
    assert error.value.context["devices"] == [str(jax.local_devices()[0])]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"parallel": "bogus"}, "'bogus' is none of none, vmap, pmap"),
        ({"particles": 1}, "1 particles"),
        ({"max_iterations": 0}, "0 iterations"),
        ({"learning_rate": 0.0}, "learning rate is 0.0"),
        ({"tolerance": float("nan")}, "tolerance is nan"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        svgd(None, **arguments)  # type: ignore[arg-type]


def test_particles_that_are_not_at_rest_say_so(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[int, int, float]] = []
    with caplog.at_level(logging.WARNING):
        found = svgd(
            coalescent_posterior(), particles=10, starts=1, max_iterations=3, report=lambda *one: told.append(one)
        )
    assert not found.settled
    assert found.diagnostics["iterations"] == 3
    assert "not at rest" in caplog.text
    assert [one[:2] for one in told] == [(1, 3), (2, 3), (3, 3)]


def test_particles_stop_early() -> None:
    found = svgd(coalescent_posterior(), particles=10, starts=1, tolerance=0.1)
    assert found.settled
    assert int(found.diagnostics["iterations"]) < 100
    assert float(found.diagnostics["drive"]) < 0.1


@pytest.mark.nightly
def test_chains_are_drawn_by_their_seed() -> None:
    one, same, other = (
        nuts(coalescent_posterior(), draws=50, warmup=50, chains=2, starts=1, seed=seed) for seed in (1, 1, 2)
    )
    assert (one.theta == same.theta).all()
    assert (one.theta != other.theta).any()
    assert one.theta.shape == (2, 50, 1)


def test_chains_need_a_few_of_everything() -> None:
    for name, number in (("draws", 3), ("warmup", 0), ("chains", 1)):
        with pytest.raises(UsageError, match="at least"):
            nuts(None, **{name: number})  # type: ignore[arg-type]


def test_blackjax_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blackjax", None)
    with pytest.raises(SharpbitsError, match=r"sharpbits\[phasetype\]"):
        nuts(coalescent_posterior())


def test_chains_that_do_not_agree_are_no_result(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    together = rng.normal(size=(4, 500, 2))
    apart = together.copy()
    apart[3, :, 1] += 2
    assert agreement(together, divergent=0).settled
    with pytest.raises(NotConvergedError, match="do not agree") as error:
        agreement(apart, divergent=0)
    r_hat = error.value.context["r_hat"]
    assert isinstance(r_hat, list)
    assert r_hat[0] < 1.01 < 1.1 < r_hat[1]
    with caplog.at_level(logging.WARNING):
        assert not agreement(together, divergent=3).settled
    assert "3 divergent steps" in caplog.text


def test_r_hat_and_effective_draws_are_what_theory_says_of_them() -> None:
    """Independent draws are worth their number; an autoregression of coefficient a is worth (1 - a)/(1 + a) of it."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(4, 20_000, 1))
    walk = noise.copy()
    for step in range(1, walk.shape[1]):
        walk[:, step] += 0.5 * walk[:, step - 1]
    # A number of effective draws is estimated to some per cent.
    assert agreement(noise, divergent=0).effective[0] == pytest.approx(80_000, rel=0.1)
    assert agreement(walk, divergent=0).effective[0] == pytest.approx(80_000 / 3, rel=0.1)
    assert agreement(walk, divergent=0).r_hat[0] == pytest.approx(1, abs=1e-3)


def test_other_modes_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Two stages whose rates may be exchanged."""
    graph = two_stages().likelihood.graph
    times = sample(graph, 500, [0.2, 4.0], seed=1).times
    posterior = Posterior(LogLikelihood(graph, Observations.exact(times)), [prior("half-cauchy:1")] * 2)
    with caplog.at_level(logging.WARNING):
        white = whitened(posterior, starts=6, seed=0)
    low, high = sorted(np.asarray(white.parameters(jnp.zeros(2))).tolist())
    assert re.search(r"the posterior has more modes, such as at \[[\d., ]+\]: draws describe what lies", caplog.text)
    assert low < 0.3 < 1 < high


def test_white_numbers_have_curvature_one_at_the_mode() -> None:
    white = whitened(two_stages(), starts=2, seed=0)
    step = 1e-3
    gradient = jax.jit(jax.grad(white.log_density))
    for at in range(2):
        offset = jnp.zeros(2).at[at].set(step)
        curvature = (gradient(offset) - gradient(-offset)) / (2 * step)
        np.testing.assert_allclose(curvature, -np.eye(2)[at], atol=1e-4)
    np.testing.assert_allclose(gradient(jnp.zeros(2)), 0, atol=1e-6)


def test_summaries_are_numpys() -> None:
    theta = np.random.default_rng(0).normal(size=(2, 50, 3))
    draws = Draws("nuts", theta, (prior("normal:0,1"),) * 3, settled=True)
    for at, one in enumerate(draws.summary([0.1, 0.5])):
        values = theta[..., at].reshape(-1)
        assert one.mean == pytest.approx(values.mean())
        assert one.standard_deviation == pytest.approx(values.std())
        assert list(one.quantiles.values()) == pytest.approx(np.quantile(values, [0.1, 0.5]))
    with pytest.raises(UsageError, match="not all probabilities"):
        draws.summary([1.5])
