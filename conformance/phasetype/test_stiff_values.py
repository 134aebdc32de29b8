"""Chains whose rates are far apart, against matrices of 50 digits: values, derivatives, no jump between the methods.

Uniformization would take 1e11 steps here; the kernel takes implicit ones (``impl/native/phasetype/collocation.hpp``).
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from phasetype import exact
from phasetype.chains import geometric
from sharpbits.phasetype import Graph, GraphBuilder, cdf, epochs, laplace, moments, pdf, survival

#: In units of the mean.
TIMES = (0.0, 1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e3)

FUNCTIONS = {"pdf": pdf, "cdf": cdf, "survival": survival}


def stiff() -> Graph:
    """Two states that the chain goes back and forth between at rates of theta, and a slow way out."""
    builder = GraphBuilder(parameters=3)
    builder.start((1,))
    builder.edge((1,), (2,), coefficients=[1.0, 0.0, 0.0])
    builder.edge((2,), (1,), coefficients=[0.0, 1.0, 0.0])
    builder.edge((2,), (3,), coefficients=[0.0, 0.0, 1.0])
    builder.edge((3,), (1,), 0.5)
    builder.edge((3,), (0,), 1.0)
    return builder.build()


def _theta(rate: float) -> list[float]:
    return [rate, rate / 2, 1.0]


@pytest.mark.parametrize("rate", [1e4, 1e6, 1e8])
def test_values_are_exact_to_a_trillionth_from_a_thousandth_to_a_thousand_means(rate: float) -> None:
    """The density of this chain is at most 1, so that the bound is an absolute one for all three."""
    graph, theta = stiff(), _theta(rate)
    times = [float(exact.mean(graph, theta)) * time for time in TIMES]
    for name, function in FUNCTIONS.items():
        for ours, time in zip(np.asarray(function(graph, times, theta)).tolist(), times, strict=True):
            error = float(abs(ours - getattr(exact, name)(graph, time, theta)))
            assert error <= 1e-12, f"{name} at {time}, rates of {rate}: error {error}"


@pytest.mark.parametrize("rate", [1e4, 1e8])
def test_gradients_by_rates_and_times_are_central_differences(rate: float) -> None:
    """Of the logarithm of each rate: then all derivatives are of the size of the density, at most 1.

    The derivative by a rate is made of differences of what two states expect, which are rounded by 2e-16 at most and
    count as often as the rate times the time.
    """
    graph, theta = stiff(), np.array(_theta(rate))
    times = float(exact.mean(graph, theta)) * np.array([0.1, 1.0, 10.0])
    by_theta = np.asarray(jax.jacrev(lambda theta: pdf(graph, times, theta))(theta)) * theta
    by_time = np.diag(jax.jacrev(lambda times: pdf(graph, times, theta))(times))
    for row, time in enumerate(times.tolist()):
        rounding = np.finfo(np.float64).eps * rate * time
        for place in range(3):
            expected = exact.difference(lambda x, time=time: exact.pdf(graph, time, x), theta.tolist(), place)
            error = float(abs(by_theta[row, place] - expected * theta[place]))
            assert error <= 1e-11 + rounding, f"by rate {place} at {time}: {error}"
        expected = exact.difference(lambda x: exact.pdf(graph, x[0], theta.tolist()), [time], 0)
        assert by_time[row] == pytest.approx(float(expected), abs=1e-11)


def test_there_is_no_jump_where_the_method_changes() -> None:
    """Neighbours at a distance of 1e-6 differ by that times the slope, at most 1, and by the two bounds."""
    graph, theta = stiff(), _theta(1e6)
    times = np.linspace(1e-3, 1.0, 4001)  # 1e3 to 1e6 steps of uniformization
    for function in FUNCTIONS.values():
        here = np.asarray(function(graph, times, theta))
        there = np.asarray(function(graph, times + 1e-6, theta))
        assert np.abs(there - here).max() <= 1.5e-6
        assert np.abs(np.diff(there - here)).max() <= 1e-8


def test_a_time_has_the_same_value_whatever_the_other_times_are() -> None:
    graph, theta = stiff(), _theta(1e6)
    times = np.array([1e-3, 1.0, 1e3])
    together = pdf(graph, times, theta)
    for place, time in enumerate(times):
        assert float(together[place]) == pytest.approx(float(pdf(graph, time, theta)), abs=1e-12)


def test_epochs_of_stiff_chains_are_exact() -> None:
    graph, thetas, changes = stiff(), [_theta(1e8), _theta(1e3)], [2.0]
    times = [0.5, 2.0, 3.5]
    found = np.asarray(epochs.survival(graph, times, thetas, changes))
    expected = [float(exact.epochs_survival(graph, time, thetas, changes)) for time in times]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-12)


@pytest.mark.parametrize("rate", [1e4, 1e8])
def test_moments_and_transforms_are_exact_to_rounding(rate: float) -> None:
    """Elimination without subtractions: relative to each number, whatever the rates are."""
    graph, theta = stiff(), _theta(rate)
    ones = [1] * graph.vertices
    found = np.asarray(moments(graph, 2, theta))
    expected = [
        exact.mean_reward(graph, [theta], [], ones),
        exact.joint_moment(graph, [theta], [], ones, ones),
    ]
    np.testing.assert_allclose(found, [float(one) for one in expected], rtol=1e-14)
    transform: Any = laplace(graph, [0.25, 3.0], theta)
    np.testing.assert_allclose(transform, [float(exact.laplace(graph, s, theta)) for s in (0.25, 3.0)], rtol=1e-14)


def test_more_steps_than_allowed_are_refused_by_the_kernel_and_nan_in_the_portable_form() -> None:
    graph = geometric()
    with pytest.raises(Exception, match="max_steps allows"):
        survival(graph, [1e6], [1e-9], max_steps=1000)
    assert np.isnan(survival(graph, [1e6], [1e-9], implementation="portable", max_steps=1000)).all()
