"""Moments from traces are right to a few roundings, however stiff and cyclic the chain. Oracle: exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasetype.graphs import graphs, thetas
from phasetype.rational import Exact, as_fractions, relative_error, stiff_graphs
from sharpbits.phasetype import Graph, GraphBuilder, Kind
from sharpbits.phasetype.trace import record
from sharpbits.phasetype.trace_moments import covariance, expectations, joint_moments, moments

kinds = pytest.mark.parametrize("kind", list(Kind))
rewards_of_two = st.lists(
    st.tuples(st.just(0.0) | st.floats(0.125, 8), st.sampled_from([0.0, 1.0, 3.0])), min_size=8, max_size=8
)


def switching(slow: float) -> Graph:
    """Two states that change places at rate 1, and a leak from the second."""
    builder = GraphBuilder()
    builder.start((0,))
    builder.edge((0,), (1,), 1.0)
    builder.edge((1,), (0,), 1.0)
    builder.edge((1,), (2,), slow)
    return builder.build()


def test_a_leak_a_hundred_million_times_slower_than_the_switching_costs_no_digit() -> None:
    """LU of the same matrix loses eight: the pivot is 1 - 1/(1 + slow), which GTH has as a sum."""
    graph = switching(1.1e-8)
    exact = Exact.of(graph).moment(as_fractions(np.ones((3, 1))), (1,))
    found = moments(record(graph), graph)[0]
    assert relative_error(found, exact) < 1e-15

    alpha, matrix, _ = graph.to_matrices()
    by_lu = alpha @ np.linalg.solve(-matrix.toarray(), np.ones(2))
    assert relative_error(float(by_lu), exact) > 1e-10


@kinds
@settings(max_examples=150)
@given(data=st.data())
def test_expectations_of_stiff_cyclic_graphs_are_exact_to_1e_14(kind: Kind, data: st.DataObject) -> None:
    graph = data.draw(stiff_graphs(kind))
    reward = np.array(data.draw(rewards_of_two))[: graph.vertices, :1]
    exact = Exact.of(graph, [1.0]).moments(as_fractions(reward), (1,))
    found = expectations(record(graph), graph, [1.0], reward[:, 0])
    worst = max(relative_error(one, wanted) for one, wanted in zip(found, exact, strict=True))
    assert worst < 1e-14, f"{worst:.1e} in {found}"


@kinds
@settings(max_examples=60)
@given(data=st.data())
def test_four_moments_and_the_joint_ones_are_exact_to_rounding(kind: Kind, data: st.DataObject) -> None:
    graph = data.draw(stiff_graphs(kind))
    rewards = np.array(data.draw(rewards_of_two))[: graph.vertices]
    exact, columns = Exact.of(graph, [1.0]), as_fractions(rewards)
    trace = record(graph)
    found = moments(trace, graph, [1.0], rewards, order=4)
    for reward in range(2):
        for power in range(1, 5):
            powers = (power, 0) if reward == 0 else (0, power)
            assert relative_error(found[reward, power - 1], exact.moment(columns, powers)) < 2e-14 * power
    wanted = [(1, 1), (2, 1), (1, 3)]
    for powers, one in zip(wanted, joint_moments(trace, graph, [1.0], rewards, wanted), strict=True):
        assert relative_error(one, exact.moment(columns, powers)) < 2e-14 * sum(powers)


@kinds
@settings(max_examples=60)
@given(data=st.data())
def test_covariances_are_exact_to_rounding_of_the_second_moments(kind: Kind, data: st.DataObject) -> None:
    graph = data.draw(stiff_graphs(kind))
    rewards = np.array(data.draw(rewards_of_two))[: graph.vertices]
    exact, columns = Exact.of(graph, [1.0]), as_fractions(rewards)
    found = covariance(record(graph), graph, [1.0], rewards)
    size = [float(exact.moment(columns, (2, 0))) ** 0.5, float(exact.moment(columns, (0, 2))) ** 0.5]
    for one in range(2):
        for other in range(2):
            wanted = float(exact.covariance(columns, one, other))
            assert abs(found[one, other] - wanted) <= 3e-14 * size[one] * size[other]
    assert (found == found.T).all()
    assert (np.diag(found) >= 0).all()


def test_a_variance_far_below_the_squared_mean_keeps_its_digits() -> None:
    """Many equal stages: E[T²] - E[T]² would lose as many digits as the mean has."""
    stages = 3000
    builder = GraphBuilder()
    builder.start((stages,))
    for stage in range(stages, 0, -1):
        builder.edge((stage,), (stage - 1,), 0.3)
    graph = builder.build()
    found = covariance(record(graph), graph)
    assert relative_error(float(found), stages / Fraction(0.3) ** 2) < 1e-12


@settings(max_examples=100)
@given(data=st.data())
def test_graphs_of_every_kind_with_several_starts_and_a_defect_agree_with_fractions(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    theta = data.draw(thetas(graph))
    rewards = np.array(data.draw(rewards_of_two))[: graph.vertices]
    exact, columns, trace = Exact.of(graph, theta), as_fractions(rewards), record(graph)
    found = moments(trace, graph, theta, rewards, order=2)
    # θ of log-linear weights goes through exp, and weights that are differences lose digits before any elimination.
    tolerance = 1e-11
    for reward, powers in enumerate([(1, 0), (0, 1)]):
        assert relative_error(found[reward, 0], exact.moment(columns, powers)) < tolerance
        twice = (2 * powers[0], 2 * powers[1])
        assert relative_error(found[reward, 1], exact.moment(columns, twice)) < tolerance
    size = float(max(exact.moment(columns, (2, 0)), exact.moment(columns, (0, 2))))
    wanted = [[float(exact.covariance(columns, one, other)) for other in range(2)] for one in range(2)]
    np.testing.assert_allclose(covariance(trace, graph, theta, rewards), wanted, rtol=0, atol=tolerance * size)


def test_a_geometric_time_has_the_variance_of_the_textbook() -> None:
    """(1 - p) / p²: 12 for p = 1/4, where the peer says 24."""
    builder = GraphBuilder(parameters=1, kind=Kind.DISCRETE)
    builder.start((1,))
    builder.edge((1,), (0,), coefficients=[1.0])
    graph = builder.build()
    trace = record(graph)
    assert moments(trace, graph, [0.25], order=3).tolist() == [4.0, 28.0, 292.0]
    assert covariance(trace, graph, [0.25]).tolist() == 12.0
    assert covariance(trace, graph, [[0.25], [1.0]]).tolist() == [12.0, 0.0]


def test_moments_of_an_erlang_time_are_those_of_its_closed_form() -> None:
    """E[T^k] = (m)(m + 1)…(m + k - 1) / rate^k."""
    builder = GraphBuilder(parameters=1)
    builder.start((5,))
    for stage in range(5, 0, -1):
        builder.edge((stage,), (stage - 1,), coefficients=[1.0])
    graph = builder.build()
    found = moments(record(graph), graph, [[0.5], [4.0]], order=4)
    wanted = np.cumprod(np.arange(5.0, 9.0)) / np.array([[0.5], [4.0]]) ** np.arange(1, 5)
    np.testing.assert_allclose(found, wanted, rtol=1e-15)
