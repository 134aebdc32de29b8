"""Replay in JAX: the numbers of the native one, and derivatives in every mode.

The oracle of derivatives is a central difference in exact fractions: at a step of 2^-40 its error is below 1e-20.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasetype.examples import few_or_many, hold
from phasetype.graphs import graphs, thetas
from phasetype.rational import Exact, as_fractions, relative_error, stiff_graphs
from sharpbits.errors import UsageError
from sharpbits.phasetype import (
    Graph,
    GraphBuilder,
    Kind,
    ParameterError,
    TraceError,
    WeightMode,
    block_counting,
    coalescent,
    record,
    record_hierarchically,
    two_island,
)
from sharpbits.phasetype import differentiable as replay
from sharpbits.phasetype import elimination_kernel as kernel
from sharpbits.phasetype.levels import levels_of

STEP = Fraction(1, 2**40)

kinds = pytest.mark.parametrize("kind", list(Kind))


def example(kind: Kind) -> tuple[Graph, list[float], Any]:
    """A cyclic graph of two parameters, θ, and two rewards."""
    builder = GraphBuilder(parameters=2, kind=kind)
    builder.start((0,), 0.5)
    builder.start((1,), 0.0, [0.25, 0.0])
    builder.edge((0,), (1,), 0.125, [0.25, 0.0])
    builder.edge((1,), (0,), 0.0, [0.125, 0.25])
    builder.edge((1,), (2,), 0.25, [0.0, 0.0])
    builder.edge((2,), (0,), 0.0, [0.0, 0.5])
    builder.edge((2,), (3,), 0.25, [0.25, 0.0])
    return builder.build(), [1.0, 0.75], np.array([[1.0, 0.0], [2.0, 1.0], [0.5, 3.0], [0.0, 0.0]])


def exact_gradient(graph: Graph, theta: list[float], of: Callable[[Exact], Fraction]) -> list[float]:
    found = []
    for place in range(len(theta)):
        ends = []
        for sign in (1, -1):
            moved = [Fraction(one) for one in theta]
            moved[place] += sign * STEP
            ends.append(of(Exact.linear(graph, moved)))
        found.append(float((ends[0] - ends[1]) / (2 * STEP)))
    return found


@few_or_many
def test_values_are_those_of_the_native_replay(examples: int) -> None:
    def rule(data: st.DataObject) -> None:
        graph = data.draw(graphs())
        theta = data.draw(thetas(graph))
        trace = data.draw(st.sampled_from([record, record_hierarchically]))(graph)
        rewards = np.random.default_rng(0).uniform(0, 2, (graph.vertices, 2))
        np.testing.assert_allclose(
            replay.moments(trace, graph, theta, rewards, order=3),
            trace.moments(graph, theta, rewards, order=3),
            rtol=1e-11,
        )
        size = float(np.max(trace.moments(graph, theta, rewards, order=2)[:, 1]))
        np.testing.assert_allclose(
            replay.covariance(trace, graph, theta, rewards),
            trace.covariance(graph, theta, rewards),
            rtol=0,
            atol=1e-11 * size,
        )
        found = replay.expectations(trace, graph, theta, rewards[:, 0])
        np.testing.assert_allclose(found, trace.expectations(graph, theta, rewards[:, 0]), rtol=1e-11)

    hold(examples, rule, st.data())


@kinds
@few_or_many
def test_expectations_of_stiff_cyclic_graphs_are_exact_to_1e_14_in_jax_too(kind: Kind, examples: int) -> None:
    def rule(data: st.DataObject) -> None:
        graph = data.draw(stiff_graphs(kind))
        exact = Exact.of(graph, [1.0]).moments(as_fractions(np.ones((graph.vertices, 1))), (1,))
        found = replay.expectations(record(graph), graph, [1.0])
        assert max(relative_error(float(one), wanted) for one, wanted in zip(found, exact, strict=True)) < 1e-14

    hold(examples, rule, st.data())


@kinds
def test_gradients_of_moments_and_covariances_are_exact_in_both_modes(kind: Kind) -> None:
    graph, theta, rewards = example(kind)
    columns, trace = as_fractions(rewards), record(graph)

    def function(at: Any) -> Any:
        joint = replay.joint_moments(trace, graph, at, rewards, [(1, 0), (0, 2), (1, 2)])
        return jnp.concatenate([joint, replay.covariance(trace, graph, at, rewards).ravel()])

    oracles: list[Callable[[Exact], Fraction]] = [
        *(functools.partial(Exact.moment, rewards=columns, powers=powers) for powers in [(1, 0), (0, 2), (1, 2)]),
        *(
            functools.partial(Exact.covariance, rewards=columns, one=one, other=other)
            for one, other in itertools.product(range(2), range(2))
        ),
    ]
    wanted = [exact_gradient(graph, theta, one) for one in oracles]
    np.testing.assert_allclose(jax.jacrev(function)(jnp.array(theta)), wanted, rtol=1e-12)
    np.testing.assert_allclose(jax.jacfwd(function)(jnp.array(theta)), wanted, rtol=1e-12)


@kinds
def test_hessians_are_differences_of_exact_gradients(kind: Kind) -> None:
    graph, theta, rewards = example(kind)
    columns, trace = as_fractions(rewards), record(graph)

    def second(exact: Exact) -> Fraction:
        return exact.moment(columns, (2, 0))

    def moved(place: int, sign: int) -> list[float]:
        return [one + sign * 2.0**-20 * (at == place) for at, one in enumerate(theta)]

    # Of gradients that are exact, by a step of 2^-20: right to 1e-12 and the rounding of 1e-16 over it.
    wanted = [
        (np.array(exact_gradient(graph, moved(i, 1), second)) - exact_gradient(graph, moved(i, -1), second)) * 2.0**19
        for i in range(2)
    ]

    def function(at: Any) -> Any:
        return replay.moments(trace, graph, at, rewards, order=2)[0, 1]

    at = jnp.array(theta)
    for hessian in (jax.hessian(function), jax.jacrev(jax.jacrev(function))):
        np.testing.assert_allclose(hessian(at), wanted, rtol=1e-8)


def test_gradients_by_rewards_are_expected_times_in_states() -> None:
    """The mean is linear in rewards: its gradient does not depend on them, and sums with them to the mean."""
    graph, theta, rewards = example(Kind.CONTINUOUS)
    trace = record(graph)

    def mean(reward: Any) -> Any:
        return replay.moments(trace, graph, jnp.array(theta), reward)[0]

    times = jax.grad(mean)(jnp.array(rewards[:, 0]))
    np.testing.assert_allclose(times, jax.grad(mean)(jnp.array(rewards[:, 1])), rtol=1e-14)
    np.testing.assert_allclose(times @ rewards[:, 1], mean(jnp.array(rewards[:, 1])), rtol=1e-14)
    alpha, matrix, _ = graph.to_matrices(theta)
    np.testing.assert_allclose(times[:3], np.linalg.solve(-matrix.toarray().T, alpha), rtol=1e-13)


def test_transformations_compose() -> None:
    graph = two_island(3, 2)
    trace = record_hierarchically(graph)
    batch = np.random.default_rng(2).uniform(0.5, 2, (3, graph.parameters))

    def mean(theta: Any) -> Any:
        return replay.moments(trace, graph, theta)[0]

    values = trace.moments(graph, batch)[:, 0]
    gradients = np.stack([jax.jit(jax.grad(mean))(one) for one in batch])
    np.testing.assert_allclose(replay.moments(trace, graph, batch)[:, 0], values, rtol=1e-13)
    np.testing.assert_allclose(jax.vmap(mean)(batch), values, rtol=1e-13)
    np.testing.assert_allclose(jax.pmap(mean)(batch[:1]), values[:1], rtol=1e-13)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(mean)))(batch), gradients, rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(jax.jacfwd(mean))(batch), gradients, rtol=1e-12)

    def step(total: Any, theta: Any) -> tuple[Any, Any]:
        value, gradient = jax.value_and_grad(mean)(theta)
        return total + value, gradient

    total, scanned = jax.lax.scan(step, 0.0, batch)
    np.testing.assert_allclose(total, values.sum(), rtol=1e-13)
    np.testing.assert_allclose(scanned, gradients, rtol=1e-12)


def test_log_linear_weights_have_their_gradient() -> None:
    """E[T] = exp(-θ)/c: its derivative is minus itself."""
    builder = GraphBuilder(parameters=1, weight_mode=WeightMode.LOG_LINEAR)
    builder.start((1,))
    builder.edge((1,), (0,), 3.0, [1.0])
    graph = builder.build()
    value, gradient = jax.value_and_grad(lambda t: replay.moments(record(graph), graph, t)[0])(jnp.array([0.7]))
    np.testing.assert_allclose(value, np.exp(-0.7) / 3, rtol=1e-15)
    np.testing.assert_allclose(gradient, -value, rtol=1e-14)


def test_float32_is_computed_in_float32_and_nothing_is_converted_silently() -> None:
    graph = block_counting(6)
    trace = record(graph)
    found = replay.moments(trace, graph, np.array([1.3], np.float32), order=2)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, trace.moments(graph, [1.3], order=2), rtol=2e-6)
    with pytest.raises(UsageError, match="all float32 or all float64"):
        replay.moments(trace, graph, np.array([1.3], np.float32), np.ones(graph.vertices))


def test_what_cannot_be_computed_is_refused_where_it_is_known_and_nan_where_it_is_not() -> None:
    graph, theta, rewards = example(Kind.CONTINUOUS)
    trace = record(graph)
    with pytest.raises(ParameterError, match="has the weight"):
        replay.moments(trace, graph, [-1.0, 0.75])
    assert np.isnan(jax.jit(lambda t: replay.moments(trace, graph, t))(jnp.array([-1.0, 0.75]))).all()
    with pytest.raises(ParameterError, match="negative or not finite"):
        replay.moments(trace, graph, theta, -rewards)
    for bad_theta, bad_rewards in (([1.0], rewards), (theta, rewards[:2]), (theta, rewards[None])):
        with pytest.raises(UsageError, match="do not fit the graph"):
            replay.moments(trace, graph, bad_theta, bad_rewards)
    with pytest.raises(UsageError, match="do not fit the graph"):
        replay.expectations(trace, graph, theta, rewards)
    with pytest.raises(ParameterError, match="no number of moments"):
        replay.moments(trace, graph, theta, order=0)
    with pytest.raises(TraceError, match="a graph with other edges"):
        replay.moments(trace, coalescent(3), [1.0])


def test_a_trap_that_is_entered_is_infinite_and_one_that_is_not_is_no_matter() -> None:
    builder = GraphBuilder(parameters=2)
    builder.start((0,))
    builder.edge((0,), (1,), coefficients=[0.0, 1.0])
    builder.edge((0,), (2,), 1.0)
    builder.edge((1,), (3,), 2.0)
    builder.edge((3,), (1,), 1.0)
    builder.edge((3,), (2,), coefficients=[1.0, 0.0])
    graph = builder.build()
    for trace in (record(graph), record_hierarchically(graph)):
        assert replay.moments(trace, graph, [0.0, 0.0], order=2).tolist() == [1.0, 2.0]
        assert replay.moments(trace, graph, [0.0, 1.0], order=2).tolist() == [np.inf, np.inf]


@settings(max_examples=60)
@given(graph=graphs(max_vertices=12))
def test_operations_of_a_level_do_not_depend_on_one_another(graph: Graph) -> None:
    """What is written in a step is read in later ones only, and the steps have every operation once."""
    trace = record(graph)
    for what in (kernel.ELIMINATE, kernel.SOLVE, kernel.SOLVE_TRANSPOSED):
        levels, listing = levels_of(trace, what), kernel.listing(trace.tape, what)
        real = levels.to < levels.numbers
        assert real.sum() == len(listing.to)
        second = np.where(levels.inverse, -1, levels.b)
        triples = sorted(zip(levels.to[real], levels.a[real], second[real], strict=True))
        assert triples == sorted(zip(listing.to, listing.a, listing.b, strict=True))
        written = np.full(levels.numbers + 1, -1)
        for step in range(len(levels.to)):
            written[levels.to[step]] = step
        for step in range(len(levels.to)):
            reads = [levels.b[step][real[step]]] + ([levels.a[step][real[step]]] if what == kernel.ELIMINATE else [])
            assert all((written[one] < step).all() for one in reads)


def test_steps_of_a_wide_graph_are_few_and_hardly_padded() -> None:
    trace = record(block_counting(18))
    levels = levels_of(trace, kernel.SOLVE)
    assert len(levels.to) < 150
    assert (levels.to < levels.numbers).mean() > 0.4
