"""However a graph is built, edge by edge, by a callback per state or by one for many states, it is the same graph."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sharpbits.phasetype.vectorised as vectorised
from phasetype.graphs import graphs
from sharpbits.phasetype import (
    Graph,
    GraphBuilder,
    GraphError,
    Kind,
    State,
    Transitions,
    Weight,
    WeightMode,
    explore,
    explore_vectorised,
)

Array = npt.NDArray[Any]
Out = list[tuple[State, Weight]]


def transitions(graph: Graph) -> dict[tuple[int, ...], Out]:
    """What a callback per state would return of a graph."""
    states = [tuple(state) for state in graph.states.tolist()]
    found: dict[tuple[int, ...], Out] = {state: [] for state in states}
    for source, target, base, along in zip(graph.source, graph.target, graph.base, graph.coefficients, strict=True):
        found[states[source]].append((states[target], (float(base), along.tolist())))
    return found


def starts(graph: Graph) -> dict[tuple[int, ...], Weight]:
    return {
        tuple(graph.states[vertex].tolist()): (float(base), along.tolist())
        for vertex, base, along in zip(graph.start, graph.start_base, graph.start_coefficients, strict=True)
    }


def setting(graph: Graph) -> dict[str, Any]:
    return {"parameters": graph.parameters, "kind": graph.kind, "weight_mode": graph.weight_mode}


def renumbered(graph: Graph) -> Graph:
    """The graph with vertices by distance from the starts, then by state: breadth-first search in plain Python."""
    distance = dict.fromkeys(graph.start.tolist(), 0)
    queue = list(distance)
    for vertex in queue:
        for target in graph.target[graph.source == vertex].tolist():
            if target not in distance:
                distance[target] = distance[vertex] + 1
                queue.append(target)
    order = sorted(range(graph.vertices), key=lambda vertex: (distance[vertex], graph.states[vertex].tolist()))
    place = np.argsort(order)
    return Graph(
        kind=graph.kind,
        weight_mode=graph.weight_mode,
        states=graph.states[order],
        source=place[graph.source],
        target=place[graph.target],
        base=graph.base,
        coefficients=graph.coefficients,
        start=place[graph.start],
        start_base=graph.start_base,
        start_coefficients=graph.start_coefficients,
    )


def rebuilt(graph: Graph) -> Graph:
    builder = GraphBuilder(**setting(graph))
    for state in graph.states:
        builder.vertex(state)
    for state, (base, along) in starts(graph).items():  # type: ignore[misc]
        builder.start(state, base, along)
    for source, out in transitions(graph).items():
        for target, (base, along) in out:  # type: ignore[misc]
            builder.edge(source, target, base, along)
    return builder.build()


@given(graphs())
def test_edge_by_edge_gives_the_graph_with_states_as_they_were_named(graph: Graph) -> None:
    assert rebuilt(graph) == graph


@given(graphs(max_vertices=12), st.randoms(use_true_random=False))
def test_a_callback_per_state_gives_the_graph_in_canonical_order(graph: Graph, random: Any) -> None:
    out = transitions(graph)

    def step(state: tuple[int, ...]) -> Out:
        found = list(out[state])
        random.shuffle(found)
        return found

    assert explore(step, starts(graph), **setting(graph)) == renumbered(graph)


@given(graphs(max_vertices=12), st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_callback_for_many_states_gives_the_graph_in_canonical_order(graph: Graph, random: Any, block: int) -> None:
    """In whatever order edges come, and however many states a block has."""
    seen: list[tuple[int, ...]] = []

    def step(states: Array) -> Transitions:
        assert states.dtype == np.int32
        assert states.shape[1] == graph.state_length
        assert not states.flags.writeable
        assert 1 <= len(states) <= block
        seen.extend(map(tuple, states.tolist()))
        rows = np.array([graph.vertex_of(state) for state in states])
        edges = np.flatnonzero(np.isin(graph.source, rows))
        random.shuffle(edges)
        row = np.array([rows.tolist().index(source) for source in graph.source[edges]], dtype=np.int64)
        return Transitions(row, graph.states[graph.target[edges]], graph.base[edges], graph.coefficients[edges])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectorised, "BLOCK", block)
        found = explore_vectorised(step, starts(graph), **setting(graph))
    assert found == renumbered(graph)
    assert sorted(seen) == sorted(map(tuple, graph.states.tolist())), "each state is asked for once"


@given(
    st.integers(1, 3).flatmap(
        lambda length: st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1) | st.integers(0, 2)] * length))
    ),
    st.booleans(),
)
def test_rows_are_told_apart_exactly_even_where_their_hashes_agree(rows: list[tuple[int, ...]], collide: bool) -> None:
    table = np.array(rows, dtype=np.int32).reshape(len(rows), -1 if rows else 2)
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(vectorised, "_hashes", lambda rows: np.zeros(len(rows), dtype=np.int64))
        representatives, group = vectorised.distinct_rows(table)
    assert len(representatives) == len(set(rows))
    assert [rows[representatives[of]] for of in group] == rows


def two_ways(state: tuple[int, ...]) -> Iterator[tuple[State, Weight]]:
    if state == (1,):
        yield (0,), 0.1
        yield (0,), (0.2, [1.0])
        yield (0,), (0.3, [0.5])


def test_parallel_transitions_add_up_in_the_order_they_come_in() -> None:
    found = explore(two_ways, (1,), parameters=1)
    assert (found.base.tolist(), found.coefficients.tolist()) == ([(0.1 + 0.2) + 0.3], [[1.5]])

    def step(states: Array) -> Transitions:
        row = np.repeat(np.flatnonzero(states[:, 0]), 3)
        edges = len(row)
        base, coefficients = np.array([0.1, 0.2, 0.3]), np.array([[0.0], [1.0], [0.5]])
        return Transitions(row, np.zeros((edges, 1), dtype=int), base[:edges], coefficients[:edges])

    assert explore_vectorised(step, (1,), parameters=1) == found


def test_parallel_transitions_have_no_sum_where_weights_are_log_linear() -> None:
    with pytest.raises(GraphError, match="an edge occurs twice"):
        explore(two_ways, (1,), parameters=1, weight_mode=WeightMode.LOG_LINEAR)


def test_an_edge_given_twice_to_a_builder_is_refused() -> None:
    builder = GraphBuilder()
    builder.start((1,))
    builder.edge((1,), (0,), 1.0)
    builder.edge((1,), (0,), 1.0)
    with pytest.raises(GraphError, match=r"an edge occurs twice[\s\S]*state \(1,\), to vertex 1, state \(0,\)"):
        builder.build()


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, (0.0, [0.0]), (0, (0,))])
def test_a_weight_of_0_is_no_transition(zero: Weight) -> None:
    """So that a rate may be written as it is: migration of nobody leads nowhere."""
    found = explore(lambda state: [((0,), 1.0), ((7,), zero)] if state == (1,) else [], (1,), parameters=1)
    assert found.states.tolist() == [[1], [0]]

    def step(states: Array) -> Transitions:
        row = np.repeat(np.flatnonzero(states[:, 0] == 1), 2)
        return Transitions(row, np.array([[0], [7]])[: len(row)], np.array([1.0, 0.0])[: len(row)])

    assert explore_vectorised(step, (1,), parameters=1) == found
    with_zero: dict[Any, Weight] = {(1,): 1.0, (7,): zero}
    assert explore(lambda state: [((0,), 1.0)] if state == (1,) else [], with_zero, parameters=1) == found


def test_a_base_of_0_is_no_transition_where_weights_are_log_linear() -> None:
    found = explore(
        lambda state: [((0,), 1.0), ((7,), (0.0, [2.0]))] if state == (1,) else [],
        (1,),
        parameters=1,
        weight_mode=WeightMode.LOG_LINEAR,
    )
    assert found.states.tolist() == [[1], [0]]


def test_one_base_serves_all_and_coefficients_may_be_left_out() -> None:
    def step(states: Array) -> Any:
        row = np.flatnonzero(states[:, 0] > 0)
        return row, states[row] - 1, 0.5

    found = explore_vectorised(step, (3,), parameters=2)
    assert (found.base.tolist(), found.coefficients.shape) == ([0.5] * 3, (3, 2))


def test_several_starts_and_a_defect() -> None:
    weights: dict[Any, Weight] = {(2,): 0.25, (1,): (0.5, [])}
    found = explore(lambda state: [((0,), 1.0)] if state != (0,) else [], weights)
    assert found.states.tolist() == [[1], [2], [0]]
    assert (found.start.tolist(), found.start_probabilities().tolist()) == ([0, 1], [0.5, 0.25])


def test_weights_of_all_kinds_of_numbers_mix() -> None:
    """What is looked at one by one, and what at once, is the same."""
    kinds: list[Any] = [1, 0.5, np.float64(0.25), np.int64(2), (1, [2]), (0.5, (np.float64(3),)), (1.0, np.ones(1))]
    kinds += [(Fraction(1, 4), [Fraction(1, 2)]), (True, [0])]
    states = range(1, len(kinds) + 1)
    mixed = explore(lambda s: list(zip(zip(states), kinds)) if s == (0,) else [], (0,), parameters=1)  # noqa: B905
    assert mixed.base.tolist() == [1, 0.5, 0.25, 2, 1, 0.5, 1, 0.25, 1]
    assert mixed.coefficients[:, 0].tolist() == [0, 0, 0, 0, 2, 3, 1, 0.5, 0]
    for state, weight in zip(states, kinds, strict=True):
        alone = explore(lambda s, to=state, w=weight: [((to,), w)] if s == (0,) else [], (0,), parameters=1)  # type: ignore[misc]
        assert (alone.base[0], alone.coefficients[0]) == (mixed.base[state - 1], mixed.coefficients[state - 1])


def test_a_callback_is_given_tuples_of_int_whatever_it_returned() -> None:
    seen: list[Any] = []

    def step(state: tuple[int, ...]) -> Out:
        seen.append(state)
        return [(np.array(state) - 1, 1.0), (tuple(np.array(state) - 2), 1.0)] if state[0] > 1 else []

    explore(step, np.array([5.0]))
    assert all(type(state) is tuple and type(state[0]) is int for state in seen)


def test_states_may_be_lists_and_arrays() -> None:
    found = explore(lambda state: [([state[0] - 1], 1.0)] if state[0] else [], np.array([2]))
    assert found == explore(lambda state: [(np.array(state) - 1, 1.0)] if state[0] else [], [2.0])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("out", "why", "context"),
    [
        ([((0.5,), 1.0)], "this is no state", {"actual": "(0.5,)", "source": "(3,)", "target": "(0.5,)"}),
        ([((2**31,), 1.0)], "this is no state", {"expected": "to 2147483647"}),
        ([((float("nan"),), 1.0)], "this is no state", {}),
        ([((), 1.0)], "this is no state", {}),
        ([(7, 1.0)], "this is no state", {"actual": "7"}),
        ([("ab", 1.0)], "this is no state", {"actual": "'ab'"}),
        ([((1, 1), 1.0)], "states are of different lengths", {"expected": "1 numbers", "actual": "2: (1, 1)"}),
        ([((1,), float("nan"))], "this is no weight", {"actual": "nan", "source": "(3,)", "target": "(1,)"}),
        ([((1,), float("inf"))], "this is no weight", {"actual": "inf"}),
        ([((1,), "1.0")], "this is no weight", {"actual": "'1.0'"}),
        ([((1,), None)], "this is no weight", {"actual": "None"}),
        ([((1,), (1.0, [1.0, 2.0]))], "this is no weight", {"expected": "with 1 coefficients"}),
        ([((1,), (1.0, [float("nan")]))], "this is no weight", {}),
        ([((1,), (1.0, 2.0))], "this is no weight", {"actual": "(1.0, 2.0)"}),
        ([((1,), (1.0, [1.0], 3.0))], "this is no weight", {}),
        ([((1,), 10**400)], "this is no weight", {}),
        ([(1,)], "no transitions", {"actual": "(1,)", "source": "(3,)"}),
        ([1.0], "no transitions", {"actual": "1.0", "source": "(3,)"}),
        (None, "no transitions", {"actual": "None", "source": "(3,)"}),
        (7, "no transitions", {"actual": "7", "source": "(3,)"}),
        ([((1,), 1.0), ({1}, 1.0)], "this is no state", {"actual": "{1}", "source": "(3,)"}),
        ([((1,), 1.0), ([0.5], 1.0)], "this is no state", {"actual": "[0.5]", "target": "[0.5]"}),
        ([((1,), 1.0), ((1, 2), 1.0)], "states are of different lengths", {"target": "(1, 2)"}),
        ([((1,), 1.0), (((1, 2),), 1.0)], "this is no state", {"target": "((1, 2),)"}),
        ([((1,), (1.0, [1.0])), ((2,), (1.0, {2.0: 1}))], "this is no weight", {"target": "(2,)"}),
        ([((1,), (1.0, [1.0])), ((2,), (1.0, "a"))], "this is no weight", {"target": "(2,)"}),
        ([((1,), ([1.0], [1.0])), ((2,), (1.0, [1.0]))], "this is no weight", {"target": "(1,)"}),
        ([((3,), 1.0)], "cannot move to itself", {}),
        ([((1,), -1.0)], "negative", {"actual": "state (3,), to vertex 1, state (1,)"}),
    ],
)
def test_what_a_callback_returns_amiss_is_told_with_its_state(out: Any, why: str, context: dict[str, str]) -> None:
    with pytest.raises(GraphError) as caught:
        explore(lambda state: out if state == (3,) else [], (3,), parameters=1)
    assert why in caught.value.why
    for name, part in context.items():
        assert part in str(caught.value.context[name])


ONE = np.zeros(1, dtype=int)
TO = np.array([[2]])


@pytest.mark.parametrize(
    ("out", "why"),
    [
        (None, "no transitions"),
        ((ONE,), "no transitions"),
        ([ONE, TO], "no transitions"),
        ((ONE, TO, 1.0, None, None), "no transitions"),
        ((ONE - 1, TO, 1.0), "row has an entry"),
        ((ONE + 1, TO, 1.0), "row has an entry"),
        ((ONE + 0.5, TO, 1.0), "row has an entry"),
        ((TO, TO, 1.0), "row has the wrong number of dimensions"),
        ((ONE, TO[0], 1.0), "target has the wrong number of dimensions"),
        ((ONE, np.array([[2, 2]]), 1.0), "target has the wrong shape"),
        ((ONE, np.array([[2], [2]]), 1.0), "target has the wrong shape"),
        ((ONE, TO + 0.5, 1.0), "target has an entry"),
        ((ONE, TO + 2**31, 1.0), "target has an entry"),
        ((ONE, TO + 1j, 1.0), "target holds no real numbers"),
        ((ONE, TO, [1.0, 1.0]), "base has the wrong shape"),
        ((ONE, TO, np.nan), "base has an entry"),
        ((ONE, TO, "1"), "base holds no real numbers"),
        ((ONE, TO, 1.0, [1.0]), "coefficients has the wrong number of dimensions"),
        ((ONE, TO, 1.0, [[1.0, 2.0]]), "coefficients has the wrong shape"),
        ((ONE, TO, 1.0, [[np.inf]]), "coefficients has an entry"),
        ((ONE, TO, -1.0), "negative"),
        ((ONE, TO + 1, 1.0), "cannot move to itself"),
    ],
)
def test_what_a_callback_for_many_returns_amiss_is_told(out: Any, why: str) -> None:
    def step(states: Array) -> Any:
        return out if states[0, 0] == 3 else (ONE[:0], TO[:0])

    with pytest.raises(GraphError) as caught:
        explore_vectorised(step, (3,), parameters=1)
    assert why in caught.value.why
    assert {"expected", "actual"} <= caught.value.context.keys()


def test_an_error_of_a_callback_is_its_own_with_a_note_of_the_state() -> None:
    def fails(_: Any) -> Any:
        raise ZeroDivisionError("in the model")

    for run in (explore, explore_vectorised):
        with pytest.raises(ZeroDivisionError, match="in the model") as caught:
            run(fails, (3, 1))
        assert any("given the state (3, 1)" in note or "from [3 1] on" in note for note in caught.value.__notes__)


def test_a_callback_that_never_ends_is_ended() -> None:
    limit: dict[str, Any] = {"max_states": 1000}
    with pytest.raises(GraphError, match=r"ever new ones[\s\S]*at most 1,000 states") as caught:
        explore(lambda state: [((state[0] + 1,), 1.0), ((0,), 1.0)] if state[0] else [], (1,), **limit)
    assert "max_states" in caught.value.resolution
    with pytest.raises(GraphError, match="ever new ones"):
        explore_vectorised(lambda states: Transitions(np.arange(len(states)), states + 1, 1.0), (1,), **limit)
    assert explore(lambda state: [((state[0] - 1,), 1.0)] if state[0] else [], (999,), **limit).vertices == 1000


@pytest.mark.parametrize("start", [(), {}, {(1,): 0.0}, (0.5,), 7, "a", {(1,): 1.0, (1, 2): 0.5}, {(1,): "x"}, None])
def test_a_start_that_is_none_is_refused(start: Any) -> None:
    def never(_: Any) -> Any:
        raise AssertionError("called")

    for run in (explore, explore_vectorised):
        with pytest.raises(GraphError):
            run(never, start)


@pytest.mark.parametrize(
    "given",
    [{"parameters": -1}, {"parameters": 1.5}, {"parameters": True}, {"kind": "bogus"}, {"weight_mode": "log"}],
)
def test_a_setting_that_is_none_is_refused_before_anything_is_called(given: Any) -> None:
    def never(_: Any) -> Any:
        raise AssertionError("called")

    for build in (GraphBuilder, lambda **given: explore(never, (1,), **given)):
        with pytest.raises(GraphError):
            build(**given)


@pytest.mark.parametrize(
    "edge",
    [
        ((1,), (0, 0), 1.0),
        ((0.5,), (0,), 1.0),
        ((1,), (0,), float("nan")),
        ((1,), (0,), 1.0, [1, 2]),
        ((1,), (0,), [1]),
    ],
)
def test_a_malformed_edge_is_refused_as_it_is_added(edge: Any) -> None:
    builder = GraphBuilder(parameters=1)
    builder.start((1,))
    with pytest.raises(GraphError):
        builder.edge(*edge)


def test_an_empty_builder_makes_no_graph() -> None:
    with pytest.raises(GraphError, match="no such shape"):
        GraphBuilder().build()


def test_discrete_graphs_are_explored_too() -> None:
    found = explore(lambda state: [(state, 0.5), ((0,), 0.25)] if state[0] else [], (1,), kind=Kind.DISCRETE)
    assert found.to_matrices().S.toarray().tolist() == [[0.75]]


def test_order_is_by_distance_and_then_lexicographic_with_negative_numbers_first() -> None:
    cube = set(itertools.product((-2, 0, 3), repeat=2))

    def step(state: tuple[int, ...]) -> Out:
        inward: Out = [(target, 1.0) for target in cube] if state == (5, 5) else []
        return inward + ([((9, 9), 1.0)] if state != (9, 9) else [])

    found = explore(step, (5, 5))
    assert found.states.tolist() == [[5, 5], *map(list, sorted([*cube, (9, 9)]))]
