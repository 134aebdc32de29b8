"""Replay: a batch is each θ alone, on every processor and in every thread; what cannot be computed is told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import spsolve

from phasetype.graphs import graphs, thetas
from sharpbits.errors import SharpbitsError
from sharpbits.phasetype import (
    Graph,
    GraphBuilder,
    Kind,
    ParameterError,
    WeightMode,
    block_counting,
    coalescent,
    two_island,
)
from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.errors import TraceError
from sharpbits.phasetype.reward_programs import moment_program, needed_for
from sharpbits.phasetype.trace import record
from sharpbits.phasetype.trace_moments import covariance, expectations, joint_moments, moments


def ways(first: float, second: float = 1.0) -> Graph:
    """From 0 to the end by way of 1 with weight θ₁ + ..., from 1 back with weight 1 - θ₂."""
    builder = GraphBuilder(parameters=2)
    builder.start((0,))
    builder.edge((0,), (1,), first, [1.0, 0.0])
    builder.edge((0,), (2,), 1.0)
    builder.edge((1,), (0,), second, [0.0, -1.0])
    builder.edge((1,), (2,), 0.0, [0.0, 1.0])
    return builder.build()


@settings(max_examples=60)
@given(data=st.data())
def test_a_batch_is_each_theta_alone_to_the_bit(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    rows = data.draw(st.lists(thetas(graph), min_size=1, max_size=20))
    batch = np.array(rows).reshape(len(rows), graph.parameters)
    trace = record(graph)
    alone = np.array([expectations(trace, graph, theta) for theta in batch])
    np.testing.assert_array_equal(expectations(trace, graph, batch), alone)
    # The starts' probabilities are NumPy's matrix products, whose sums have another order for another shape.
    for function in (moments, covariance):
        alone = np.array([function(trace, graph, theta) for theta in batch])
        np.testing.assert_allclose(function(trace, graph, batch), alone, rtol=1e-12)


def test_threads_change_no_bit() -> None:
    graph = block_counting(20)
    trace, theta = record(graph), np.linspace(0.5, 2, 203)[:, None]
    one = moments(trace, graph, theta, order=2, threads=1)
    for threads in (2, 3, 7):
        np.testing.assert_array_equal(moments(trace, graph, theta, order=2, threads=threads), one)


@pytest.mark.parametrize("instruction_set", kernel.INSTRUCTION_SETS[1:])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_instruction_set_gives_the_same_bits(instruction_set: str, kind: Kind) -> None:
    graph = two_island(4, 3)
    theta = np.random.default_rng(3).uniform(0.5, 2, (11, graph.parameters))
    scale = 0.4 / graph.weights(theta).max() / 30
    program = moment_program(graph, np.ones((graph.vertices, 1)), needed_for([(3,)]))
    if kind is Kind.DISCRETE:
        discrete = Graph(
            kind=kind,
            weight_mode=WeightMode.LINEAR,
            states=graph.states,
            source=graph.source,
            target=graph.target,
            base=graph.base * scale,
            coefficients=graph.coefficients * scale,
            start=graph.start,
            start_base=graph.start_base,
            start_coefficients=graph.start_coefficients,
        )
        graph = discrete
        program = moment_program(graph, np.ones((graph.vertices, 1)), needed_for([(3,)]))

    def run(wanted: str) -> npt.NDArray[np.float64]:
        values, status = kernel.replay(
            record(graph).tape,
            kernel.Batch(graph.base, graph.coefficients, theta),
            program.terms,
            program.multipliers,
            np.arange(3, dtype=np.int32),
            discrete=kind is Kind.DISCRETE,
            threads=1,
            instruction_set=wanted,
        )
        assert (status == kernel.DONE).all()
        return values

    try:
        found = run(instruction_set)
    except SharpbitsError as error:
        assert "this processor has no" in error.why  # noqa: PT017
        pytest.skip(error.why)
    np.testing.assert_array_equal(found, run("best"))


def test_a_large_cyclic_model_agrees_with_scipy() -> None:
    graph = two_island(20, 20)
    theta = [1.0, 0.7, 0.3, 0.2][: graph.parameters]
    rewards = np.random.default_rng(1).random(graph.vertices)
    alpha, matrix, _ = graph.to_matrices(theta)
    solved = spsolve(-matrix.tocsc(), rewards[~graph.absorbing])
    found = expectations(record(graph), graph, theta, rewards)
    np.testing.assert_allclose(found[~graph.absorbing], solved, rtol=1e-10)
    assert (found[graph.absorbing] == 0).all()
    np.testing.assert_allclose(moments(record(graph), graph, theta, rewards)[0], alpha @ solved, rtol=1e-10)


def test_shapes_are_those_of_theta_and_rewards() -> None:
    graph = coalescent(5)
    trace, rewards = record(graph), np.ones((5, 3))
    for theta, batch in (([2.0], ()), ([[2.0], [1.0]], (2,)), (np.empty((0, 1)), (0,))):
        assert expectations(trace, graph, theta).shape == (*batch, 5)
        assert moments(trace, graph, theta, order=2).shape == (*batch, 2)
        assert moments(trace, graph, theta, rewards, order=2).shape == (*batch, 3, 2)
        assert joint_moments(trace, graph, theta, rewards, [(1, 1, 0)] * 4).shape == (*batch, 4)
        assert covariance(trace, graph, theta).shape == batch
        assert covariance(trace, graph, theta, rewards).shape == (*batch, 3, 3)


def test_a_trace_serves_every_graph_with_its_edges_and_no_other() -> None:
    trace, other = record(ways(0.0)), ways(5.0)
    assert moments(trace, other, [1.0, 0.5])[0] == moments(record(other), other, [1.0, 0.5])[0]
    with pytest.raises(TraceError, match="a graph with other edges"):
        moments(trace, coalescent(3), [1.0])


def test_a_weight_of_zero_that_leads_nowhere_needed_is_no_error() -> None:
    """At θ = (0, 0) state 1 is a trap, and never entered; at θ = (1, 0) it is entered, and left again."""
    graph = ways(0.0)
    trace = record(graph)
    assert moments(trace, graph, [0.0, 1.0], order=2).tolist() == [1.0, 2.0]
    assert expectations(trace, graph, [0.0, 0.0]).tolist()[:1] == [1.0]
    assert np.isfinite(moments(trace, graph, [[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]])).all()


def trap() -> Graph:
    """A state that is left with weight θ₁ only, entered with weight θ₂."""
    builder = GraphBuilder(parameters=2)
    builder.start((0,))
    builder.edge((0,), (1,), coefficients=[0.0, 1.0])
    builder.edge((0,), (2,), 1.0)
    builder.edge((1,), (3,), 2.0)
    builder.edge((3,), (1,), 1.0)
    builder.edge((3,), (2,), coefficients=[1.0, 0.0])
    return builder.build()


def test_a_trap_is_told_if_it_can_be_entered_and_else_is_no_matter() -> None:
    graph = trap()
    trace = record(graph)
    found = expectations(trace, graph, [[0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(found[0], [1.0, np.nan, 0.0, np.nan])
    assert np.isfinite(found[1]).all()
    assert moments(trace, graph, [[0.0, 0.0]] * 5, order=2).tolist() == [[1.0, 2.0]] * 5
    with pytest.raises(ParameterError, match=r"absorption is not certain[\s\S]*trapped=vertex 1, state \(1,\)"):
        moments(trace, graph, [[1.0, 1.0], [0.0, 1.0]])


def test_bad_parameters_are_refused_in_the_words_of_the_graph() -> None:
    graph = ways(0.0)
    trace = record(graph)
    for theta in ([0.0, 2.0], [-1.0, 0.5], [1.0], [np.nan, 1.0], [[1.0, 0.5]] * 9 + [[1.0, 7.0]]):
        with pytest.raises(ParameterError) as wanted:
            graph.weights(theta)
        with pytest.raises(ParameterError) as found:
            moments(trace, graph, theta)
        assert (found.value.why, found.value.context) == (wanted.value.why, wanted.value.context)


def test_a_weight_that_misses_zero_by_rounding_is_zero() -> None:
    """0.3 - 0.1 · 3 is -5.6e-17 in doubles: as `Graph.weights` has it."""
    builder = GraphBuilder(parameters=1)
    builder.start((0,))
    builder.edge((0,), (1,), 0.3, [-0.1])
    builder.edge((0,), (2,), 2.0)
    builder.edge((1,), (2,), 1.0)
    graph = builder.build()
    assert graph.weights([3.0]).tolist() == [0.0, 2.0, 1.0]
    assert moments(record(graph), graph, [[3.0]] * 9).tolist() == [[0.5]] * 9
    with pytest.raises(ParameterError, match="edge"):
        moments(record(graph), graph, [3.1])


def test_probabilities_that_sum_to_more_than_one_are_refused() -> None:
    builder = GraphBuilder(parameters=1, kind=Kind.DISCRETE)
    builder.start((0,))
    builder.edge((0,), (1,), coefficients=[1.0])
    builder.edge((0,), (2,), coefficients=[1.0])
    graph = builder.build()
    trace = record(graph)
    assert moments(trace, graph, [[0.5], [0.25]]).tolist() == [[1.0], [2.0]]
    for theta in ([[0.6]], [[0.1]] * 12 + [[0.6]]):
        with pytest.raises(ParameterError, match="sum to more than 1"):
            moments(trace, graph, theta)


@pytest.mark.parametrize(
    ("rewards", "message"),
    [
        ([1.0] * 4, "wrong shape"),
        ([[[1.0]]] * 5, "wrong shape"),
        (["a"] * 5, "wrong shape or type"),
        (np.ones((5, 0)), "wrong shape"),
        ([1.0, 1.0, -1.0, 1.0, 1.0], "negative or not finite"),
        ([1.0, np.nan, 1.0, 1.0, 1.0], "negative or not finite"),
    ],
)
def test_rewards_that_are_none_are_refused(rewards: npt.ArrayLike, message: str) -> None:
    graph = coalescent(5)
    with pytest.raises(ParameterError, match=message):
        moments(record(graph), graph, [1.0], rewards)


def test_orders_and_powers_that_are_none_are_refused() -> None:
    graph = coalescent(5)
    trace, rewards = record(graph), np.ones((5, 2))
    for order in (0, -1, 65):
        with pytest.raises(ParameterError, match="no number of moments"):
            moments(trace, graph, [1.0], order=order)
    for powers in ((0, 0), (1,), (1, -1), (1.5, 0), (64, 1)):
        with pytest.raises(ParameterError, match="no powers"):
            joint_moments(trace, graph, [1.0], rewards, [powers])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="too many lower moments"):
        joint_moments(trace, graph, [1.0], np.ones((5, 8)), [(8,) * 8])
    with pytest.raises(ParameterError, match="there are 2 rewards"):
        expectations(trace, graph, [1.0], rewards)


def test_a_moment_that_no_double_holds_is_an_error() -> None:
    graph = coalescent(3)
    with pytest.raises(ParameterError, match="larger than a double"):
        moments(record(graph), graph, [1e-160], order=2)


def test_a_library_that_was_not_compiled_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import sharpbits.phasetype

    monkeypatch.setattr(sharpbits.phasetype, "__path__", [])
    with pytest.raises(SharpbitsError, match="C\\+\\+ compiler"):
        kernel._library.__wrapped__()
