"""Density, pmf, distribution and survival function against closed forms and matrices of 50 digits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import expm

from phasetype import exact
from phasetype.chains import CONTINUOUS, DISCRETE, EVERY, as_arrays, branching, erlang, geometric, hypoexponential
from phasetype.examples import few_or_many, hold
from phasetype.graphs import graphs, thetas
from sharpbits.phasetype import Graph, Kind, WeightMode, block_counting, cdf, pdf, pmf, survival

#: 1e-12 for the series that is cut off, and as much again for rounding: some 1e-16 times the root of 1e4 steps, and
#: what the weights of single steps are off by. Relative: every term of the series is positive.
RELATIVE = 2e-12

IMPLEMENTATIONS = ("kernel", "portable")

#: JAX takes seconds to compile the portable form of one graph: of it, a few in every run and all of them at night.
FEW = ("branching", "discrete walk")


def by_implementation(names: Iterable[str]) -> pytest.MarkDecorator:
    """Each graph by the kernel, and by the portable form where that is for this run."""
    return pytest.mark.parametrize(
        ("name", "implementation"),
        [
            pytest.param(name, one, marks=pytest.mark.nightly if one == "portable" and name not in FEW else ())
            for name in names
            for one in IMPLEMENTATIONS
        ],
    )


CYCLIC = ("branching", "log-linear", "queue of 4", "two islands of 3")

#: In units of the mean.
TIMES = (0.0, 1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e3)


def assert_as_exact(ours: Any, theirs: Any, what: str, absolute: Iterable[float] | None = None) -> None:
    # Below 1e-280 Poisson probabilities are dropped, and doubles end.
    absolute = [1e-280] * len(theirs) if absolute is None else absolute
    for one, other, least in zip(np.asarray(ours).tolist(), theirs, absolute, strict=True):
        assert abs(one - other) <= RELATIVE * abs(other) + least, f"{what}: {one!r}, in 50 digits {float(other)!r}"


@by_implementation(CONTINUOUS)
@pytest.mark.parametrize("what", ["pdf", "cdf", "survival"])
def test_values_are_those_of_matrices_of_50_digits_from_a_thousandth_to_a_thousand_means(
    what: str, name: str, implementation: str
) -> None:
    graph, theta = CONTINUOUS[name]
    unit = float(exact.mean(graph, theta))
    times = [unit * time for time in TIMES]
    ours = {"pdf": pdf, "cdf": cdf, "survival": survival}[what](graph, times, theta, implementation=implementation)
    theirs = [getattr(exact, what)(graph, time, theta) for time in times]
    # Beyond 10,000 steps the kernel takes implicit ones in a cyclic chain: their bound is absolute.
    rate = -np.diag(as_arrays(graph, theta)[1]).min()
    implicit = implementation == "kernel" and name in CYCLIC
    absolute = [1e-12 if implicit and rate * time > 1e4 else 1e-280 for time in times]
    assert_as_exact(ours, theirs, f"{what} of {name} at {times}", absolute)


@by_implementation(DISCRETE)
@pytest.mark.parametrize("what", ["pmf", "cdf", "survival"])
def test_values_of_discrete_time_are_those_of_matrix_powers(what: str, name: str, implementation: str) -> None:
    graph, theta = DISCRETE[name]
    times = [0, 1, 2, 3, 5, 31, 32, 33, 100, 1000]
    ours = {"pmf": pmf, "cdf": cdf, "survival": survival}[what](graph, times, theta, implementation=implementation)
    theirs = [getattr(exact, what)(graph, time, theta) for time in times]
    assert_as_exact(ours, theirs, f"{what} of {name}")


@few_or_many
def test_a_random_graph_has_the_distribution_of_its_matrix_exponential(examples: int) -> None:
    def rule(data: st.DataObject) -> None:
        graph = data.draw(graphs(kind=st.just(Kind.CONTINUOUS), max_vertices=6))
        theta = data.draw(thetas(graph))
        start, matrix, exits, transient = as_arrays(graph, theta)
        scale = -np.diag(matrix).min()
        times = np.array([0.0, 0.03, 0.7, 3.0, 40.0]) / scale
        states = np.array([start @ expm(matrix * time) for time in times])
        # expm rounds by its norm.
        atol = 1e-12
        np.testing.assert_allclose(pdf(graph, times, theta), states @ exits, rtol=RELATIVE, atol=atol * scale)
        np.testing.assert_allclose(survival(graph, times, theta), states @ transient, rtol=RELATIVE, atol=atol)
        np.testing.assert_allclose(
            cdf(graph, times, theta), 1 - start.sum() + states @ (1 - transient), rtol=RELATIVE, atol=atol
        )

    hold(examples, rule, st.data())


@few_or_many
def test_a_random_graph_of_discrete_time_has_the_distribution_of_its_matrix_powers(examples: int) -> None:
    def rule(data: st.DataObject) -> None:
        graph = data.draw(graphs(kind=st.just(Kind.DISCRETE), max_vertices=6))
        theta = data.draw(thetas(graph))
        start, matrix, exits, transient = as_arrays(graph, theta)
        times = np.arange(40)
        states = np.array([start @ np.linalg.matrix_power(matrix, time) for time in times])
        np.testing.assert_allclose(pmf(graph, times[1:], theta), states[:-1] @ exits, rtol=RELATIVE, atol=1e-14)
        np.testing.assert_allclose(survival(graph, times, theta), states @ transient, rtol=RELATIVE, atol=1e-14)

    hold(examples, rule, st.data())


@pytest.mark.parametrize("size", [10, 15])
def test_block_counting_of_many_lineages_is_that_of_scipys_matrix_exponential(size: int) -> None:
    graph = block_counting(size)
    start, matrix, exits, _ = as_arrays(graph, [1.0])
    times = [0.01, 0.1, 1.0, 4.0]
    theirs = [start @ expm(matrix * time) @ exits for time in times]
    np.testing.assert_allclose(pdf(graph, times, [1.0]), theirs, rtol=0, atol=1e-12)


# Closed forms


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_an_exponential_is_exp(implementation: str) -> None:
    times = np.array([0.0, 1e-9, 0.3, 7.0, 200.0])
    np.testing.assert_allclose(
        pdf(erlang(1), times, [2.0], implementation=implementation), 2 * np.exp(-2 * times), rtol=RELATIVE
    )
    np.testing.assert_allclose(
        cdf(erlang(1), times, [2.0], implementation=implementation), -np.expm1(-2 * times), rtol=RELATIVE
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("stages", [2, 40])
def test_an_erlang_is_a_gamma_also_where_it_is_tiny(stages: int, implementation: str) -> None:
    """At 1e-3 of its mean the density of 40 stages is some 1e-90."""
    graph, law = erlang(stages), stats.gamma(stages, scale=1 / 3)
    times = stages / 3 * np.array([1e-3, 0.03, 0.5, 1.0, 3.0, 30.0])
    np.testing.assert_allclose(pdf(graph, times, [3.0], implementation=implementation), law.pdf(times), rtol=1e-11)
    np.testing.assert_allclose(cdf(graph, times, [3.0], implementation=implementation), law.cdf(times), rtol=1e-11)
    np.testing.assert_allclose(survival(graph, times, [3.0], implementation=implementation), law.sf(times), rtol=1e-11)


def test_a_hypoexponential_is_a_sum_of_exponentials() -> None:
    rates = np.array([0.5, 2.0, 11.0])
    factors = [np.prod([other / (other - one) for other in rates if other != one]) for one in rates]
    times = np.linspace(0.1, 30, 50)
    theirs = sum(factor * one * np.exp(-one * times) for factor, one in zip(factors, rates, strict=True))
    np.testing.assert_allclose(pdf(hypoexponential(), times, rates), theirs, rtol=1e-11)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_geometric_is_a_geometric(implementation: str) -> None:
    law, steps = stats.geom(0.25), np.arange(0, 400, 7)
    for ours, theirs in ((pmf, law.pmf), (cdf, law.cdf), (survival, law.sf)):
        np.testing.assert_allclose(
            ours(geometric(), steps, [0.25], implementation=implementation), theirs(steps), rtol=RELATIVE
        )


# Edges of the domain


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_before_zero_at_zero_and_at_infinity(implementation: str) -> None:
    graph, theta = CONTINUOUS["branching"]
    defect = float(1 - graph.start_probabilities(theta).sum())
    assert 0 < defect < 1
    start, _, exits, _ = as_arrays(graph, theta)
    times = [-np.inf, -1.0, -1e-300, 0.0, np.inf]
    at_zero = start @ exits
    found = {
        function: function(graph, times, theta, implementation=implementation).tolist()
        for function in (pdf, cdf, survival)
    }
    assert found[pdf] == pytest.approx([0, 0, 0, at_zero, 0], rel=1e-15)
    assert found[cdf] == pytest.approx([0, 0, 0, defect, 1], rel=1e-15)
    assert found[survival] == pytest.approx([1, 1, 1, 1 - defect, 0], rel=1e-15)


def test_a_start_that_is_absorbing_counts_at_zero() -> None:
    graph = Graph(
        kind=Kind.CONTINUOUS,
        weight_mode=WeightMode.LINEAR,
        states=np.array([[0], [1]]),
        source=np.array([1]),
        target=np.array([0]),
        base=np.array([2.0]),
        coefficients=np.zeros((1, 0)),
        start=np.array([0, 1]),
        start_base=np.array([0.25, 0.5]),
        start_coefficients=np.zeros((2, 0)),
    )
    assert cdf(graph, [0.0]).tolist() == [0.5]
    assert survival(graph, [0.0]).tolist() == [0.5]
    np.testing.assert_allclose(pdf(graph, [1.0]), [0.5 * 2 * math.exp(-2)], rtol=1e-14)


def test_steps_between_whole_numbers() -> None:
    graph, theta = DISCRETE["discrete walk"]
    assert pmf(graph, [-1, 1.5, -0.5, np.inf], theta).tolist() == [0, 0, 0, 0]
    assert cdf(graph, 1.5, theta) == cdf(graph, 1, theta)
    assert survival(graph, [2.999, -1.0], theta).tolist() == [survival(graph, 2, theta), 1]


def test_probabilities_of_steps_sum_to_one() -> None:
    for graph, theta in DISCRETE.values():
        assert float(jnp.sum(pmf(graph, np.arange(2000), theta))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_there_is_no_jump_in_time(implementation: str) -> None:
    """Where the number of steps that are taken changes, the value must not: neighbours differ by the slope's share."""
    graph, theta = CONTINUOUS["block counting of 5"]
    times = np.linspace(0.5, 3, 20_001)
    density = np.asarray(pdf(graph, times, theta, implementation=implementation))
    second = density[2:] - 2 * density[1:-1] + density[:-2]
    # The second difference is the curvature, at most 10 * rate**2 here, times the squared distance: 1.6e-7.
    assert np.abs(second).max() <= 3e-6
    assert np.abs(np.diff(second)).max() <= 1e-8


@few_or_many
def test_the_unit_of_time_changes_nothing(examples: int) -> None:
    """With rates c times as large and times a c-th, densities are c times as large: to the bit, c a power of 2."""

    def rule(name: str, unit: float) -> None:
        graph, theta = CONTINUOUS[name]
        scaled = Graph(
            kind=graph.kind,
            weight_mode=graph.weight_mode,
            states=graph.states,
            source=graph.source,
            target=graph.target,
            base=graph.base * unit,
            coefficients=graph.coefficients * unit,
            start=graph.start,
            start_base=graph.start_base,
            start_coefficients=graph.start_coefficients,
        )
        times = float(exact.mean(graph, theta)) * np.array(TIMES[:-1])
        for function, factor in ((pdf, unit), (cdf, 1), (survival, 1)):
            here, there = function(graph, times, theta), function(scaled, times / unit, theta)
            np.testing.assert_array_equal(np.asarray(there), np.asarray(here) * factor)

    hold(
        examples,
        rule,
        st.sampled_from(
            sorted(name for name, (graph, _) in CONTINUOUS.items() if graph.weight_mode is WeightMode.LINEAR)
        ),
        st.integers(-300, 270).map(lambda exponent: 2.0**exponent),
    )


@pytest.mark.parametrize("name", EVERY)
def test_cdf_and_survival_sum_to_one(name: str) -> None:
    graph, theta = EVERY[name]
    times = np.array([0, 1, 2, 5, 40, 1000])
    np.testing.assert_allclose(cdf(graph, times, theta) + survival(graph, times, theta), 1, rtol=0, atol=2e-12)


# Types, shapes, batches


@by_implementation(EVERY)
def test_float32_is_float64_rounded(name: str, implementation: str) -> None:
    graph, theta = EVERY[name]
    function = pmf if graph.kind is Kind.DISCRETE else pdf
    times = np.array([0, 1, 2, 5, 20], np.float32)
    found = function(graph, times, np.array(theta, np.float32), implementation=implementation)
    assert found.dtype == np.float32
    # The kernel computes in float64 from weights rounded to float32, which counts as often as the state is left;
    # jax.numpy computes some hundred steps in float32, of some ten roundings each.
    leaves = 20 * np.abs(np.diag(as_arrays(graph, theta)[1])).max()
    rtol = 2.0**-24 * (4 + leaves) if implementation == "kernel" else 3e-5
    np.testing.assert_allclose(found, function(graph, times.astype(float), theta), rtol=rtol, atol=1e-30)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_batch_is_a_loop_over_its_rows(implementation: str) -> None:
    graph, theta = CONTINUOUS["branching"]
    thetas_ = np.array(theta) * np.array([[1.0], [0.5], [2.0]])
    times = np.array([[0.1, 1.0], [0.0, 3.0], [0.5, 0.25]])
    shared = pdf(graph, times[0], thetas_, implementation=implementation)
    own = pdf(graph, times, thetas_, implementation=implementation)
    at_one = pdf(graph, 0.5, thetas_, implementation=implementation)
    for row in range(3):
        alone = pdf(graph, times[0], thetas_[row], implementation=implementation)
        np.testing.assert_allclose(shared[row], alone, rtol=1e-15)
        alone = pdf(graph, times[row], thetas_[row], implementation=implementation)
        np.testing.assert_allclose(own[row], alone, rtol=RELATIVE)
        np.testing.assert_allclose(at_one[row], pdf(graph, 0.5, thetas_[row]), rtol=RELATIVE)


def test_no_times_give_nothing() -> None:
    graph, theta = CONTINUOUS["branching"]
    assert pdf(graph, np.zeros(0), theta).shape == (0,)
    assert jax.grad(lambda theta: jnp.sum(pdf(graph, np.zeros(0), theta)))(jnp.array(theta)).tolist() == [0, 0]


def test_times_may_come_in_any_order_and_twice() -> None:
    graph, theta = CONTINUOUS["branching"]
    times = np.array([3.0, 0.1, 0.1, 7.0, 0.0])
    for place, time in enumerate(times):
        assert float(pdf(graph, times, theta)[place]) == pytest.approx(float(pdf(graph, time, theta)), rel=RELATIVE)


def test_a_theta_that_is_known_is_checked_and_one_that_is_not_gives_nan() -> None:
    graph = branching()
    assert jnp.isnan(jax.jit(lambda theta: pdf(graph, [0.5, 1.0], theta))(jnp.array([-3.0, 1.0]))).all()
    assert jnp.isnan(jax.jit(lambda theta: pdf(graph, [0.5], theta))(jnp.array([jnp.nan, 1.0]))).all()
    assert jnp.isnan(jax.jit(lambda time: pdf(graph, time, [0.75, 1.25]))(jnp.array([jnp.nan, 1.0]))).tolist() == [
        True,
        False,
    ]
