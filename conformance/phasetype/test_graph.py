"""A graph is a checked, read-only value: what it holds, what it refuses, and what it means as matrices."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.sparse import csr_array

from phasetype.graphs import cdf, dense, graphs, thetas
from sharpbits.errors import SharpbitsError
from sharpbits.phasetype import (
    Graph,
    GraphBuilder,
    GraphError,
    Kind,
    ParameterError,
    UnknownStateError,
    WeightMode,
    from_matrices,
)

#: (2, 0) -> (1, 0) -> (0, 0), with a way back.
FIELDS: dict[str, Any] = {
    "kind": "continuous",
    "weight_mode": "linear",
    "states": [[2, 0], [1, 0], [0, 0]],
    "source": [0, 1, 1],
    "target": [1, 0, 2],
    "base": [0.0, 0.5, 2.0],
    "coefficients": [[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]],
    "start": [0],
    "start_base": [1.0],
    "start_coefficients": [[0.0, 0.0]],
}

#: Changes that make probabilities of the rates.
LOOP = {"kind": "discrete", "base": [0.0, 0.5, 0.5]}


def graph(**changes: Any) -> Graph:
    return Graph(**(FIELDS | changes))


def test_arrays_have_the_types_of_the_contract_and_cannot_be_written() -> None:
    made = graph()
    assert (made.kind, made.weight_mode) == (Kind.CONTINUOUS, WeightMode.LINEAR)
    for name, dtype, shape in [
        ("states", np.int32, (3, 2)),
        ("source", np.int32, (3,)),
        ("target", np.int32, (3,)),
        ("offsets", np.int64, (4,)),
        ("base", np.float64, (3,)),
        ("coefficients", np.float64, (3, 2)),
        ("start", np.int32, (1,)),
        ("start_base", np.float64, (1,)),
        ("start_coefficients", np.float64, (1, 2)),
        ("absorbing", np.bool_, (3,)),
    ]:
        array = getattr(made, name)
        assert (array.dtype, array.shape, array.flags.writeable) == (dtype, shape, False), name
    assert (made.vertices, made.edges, made.parameters, made.state_length) == (3, 3, 2, 2)


def test_a_graph_keeps_its_own_copy() -> None:
    base = np.array([1.0, 0.5, 2.0])
    made = graph(base=base)
    base[:] = -1
    assert made.base.tolist() == [1.0, 0.5, 2.0]
    with pytest.raises(AttributeError):
        made.base = base  # type: ignore[misc]


def test_edges_and_starts_are_sorted_whatever_their_order() -> None:
    shuffled = graph(
        source=[1, 0, 1],
        target=[2, 1, 0],
        base=[2.0, 0.0, 0.5],
        coefficients=[[0, 0], [1, 0], [0, 3]],
        start=[1, 0],
        start_base=[0.25, 0.5],
        start_coefficients=[[0, 0], [0, 0]],
    )
    assert (shuffled.source.tolist(), shuffled.target.tolist()) == ([0, 1, 1], [1, 0, 2])
    assert shuffled.base.tolist() == [0.0, 0.5, 2.0]
    assert shuffled.offsets.tolist() == [0, 1, 3, 3]
    assert (shuffled.start.tolist(), shuffled.start_base.tolist()) == ([0, 1], [0.5, 0.25])


@given(graphs())
def test_offsets_delimit_the_edges_of_each_vertex(drawn: Graph) -> None:
    for vertex in range(drawn.vertices):
        edges = range(drawn.offsets[vertex], drawn.offsets[vertex + 1])
        assert list(edges) == [place for place in range(drawn.edges) if drawn.source[place] == vertex]
    assert drawn.absorbing.tolist() == [vertex not in drawn.source for vertex in range(drawn.vertices)]
    assert (np.diff(drawn.source.astype(np.int64) * drawn.vertices + drawn.target) > 0).all()


@given(graphs())
def test_memory_is_what_the_documentation_says(drawn: Graph) -> None:
    n, d, m, s, p = drawn.vertices, drawn.state_length, drawn.edges, len(drawn.start), drawn.parameters
    assert drawn.nbytes == n * (4 * d + 8) + m * (16 + 8 * p) + s * (12 + 8 * p) + 8


@pytest.mark.parametrize(
    ("changes", "why", "expected", "actual"),
    [
        ({"kind": "bogus"}, "no such kind", "continuous or discrete", "'bogus'"),
        ({"weight_mode": None}, "no such weight_mode", "linear or log_linear", "None"),
        ({"states": [[2, 0], [1, 0], [2, 0]]}, "a state occurs twice", "each state once", "(2, 0) as vertex 0"),
        ({"states": np.zeros((0, 2))}, "no such shape", "1 to 2147483647 states", "0 states of 2 numbers"),
        ({"states": np.zeros((3, 0))}, "no such shape", "at least one number", "3 states of 0 numbers"),
        ({"states": [2, 1, 0]}, "dimensions", "2", "1, shape (3,)"),
        ({"states": [[2, 0], [1, 0.5], [0, 0]]}, "states has an entry", "a whole number", "0.5 at (1, 1)"),
        ({"states": [[2, 0], [1, np.nan], [0, 0]]}, "states has an entry", "a whole number", "nan at (1, 1)"),
        ({"states": [[2, 0], [1, 2**31], [0, 0]]}, "states has an entry", "to 2147483647", "2147483648 at (1, 1)"),
        ({"states": [[2, 0], [1, 2**70], [0, 0]]}, "states holds no real numbers", "integers", "object"),
        ({"states": [["a", "b"]] * 3}, "states holds no real numbers", "integers", "<U1"),
        ({"states": [[2, 0], [1], [0, 0]]}, "states is no array", "2 dimensions", "[[2, 0], [1], [0, 0]]"),
        ({"source": [0, 1, 3]}, "source has an entry", "from 0 to 2", "3 at 2"),
        ({"target": [1, -1, 2]}, "target has an entry", "from 0 to 2", "-1 at 1"),
        ({"target": [1, 0]}, "target has the wrong shape", "(3,)", "(2,)"),
        ({"target": [1, 2, 2]}, "an edge occurs twice", "once", "from vertex 1, state (1, 0), to vertex 2"),
        ({"target": [1, 1, 2]}, "cannot move to itself", "to differ", "from vertex 1, state (1, 0), to vertex 1"),
        ({"base": [0.0, 0.5, -2.0]}, "negative at all parameters", "a base above 0", "base -2.0, coefficients [0.0"),
        ({"base": [0.0, 0.5, 0.0]}, "0 at all parameters", "a coefficient that is not 0", "vertex 2, state (0, 0)"),
        ({"base": [0.0, 0.5, -0.0]}, "0 at all parameters", "a coefficient that is not 0", "vertex 2, state (0, 0)"),
        ({"weight_mode": "log_linear"}, "0 at all parameters", "a base above 0", "vertex 1, state (1, 0)"),
        ({"base": [0.0, np.nan, 2.0]}, "base has an entry", "a finite number", "nan at 1"),
        ({"base": [0.0, 0.5, np.inf]}, "base has an entry", "a finite number", "inf at 2"),
        ({"base": [0.0, 0.5, 1j]}, "base holds no real numbers", "floats", "complex128"),
        ({"coefficients": [[1.0, 0.0], [0.0, np.nan], [0, 0]]}, "coefficients has an entry", "finite", "nan at (1, 1)"),
        ({"coefficients": [[1.0], [1.0]]}, "coefficients has the wrong shape", "(3, 1)", "(2, 1)"),
        ({"start": []}, "start_base has the wrong shape", "(0,)", "(1,)"),
        ({"start": [3]}, "start has an entry", "from 0 to 2", "3 at 0"),
        ({"start_base": [1.5]}, "sum to more than 1", "at most 1", "1.5 of the starts"),
        ({"start_base": [0.0]}, "0 at all parameters", "a base above 0", "the start vertex 0"),
        ({"start_coefficients": [[0.0]]}, "start_coefficients has the wrong shape", "(1, 2)", "(1, 1)"),
        ({**LOOP, "start": [1], "target": [2, 1, 2]}, "never reached", "every state", "none to vertex 0"),
        ({**LOOP, "target": [1, 0, 1]}, "never reached", "every state", "none to vertex 2"),
        ({"kind": "discrete"}, "sum to more than 1", "at most 1", "2.0 out of vertex 1, state (1, 0)"),
    ],
)
def test_what_is_malformed_is_refused_with_what_was_expected_and_what_was_given(
    changes: dict[str, Any], why: str, expected: str, actual: str
) -> None:
    with pytest.raises(GraphError) as caught:
        graph(**changes)
    error = caught.value
    assert isinstance(error, ValueError)
    assert isinstance(error, SharpbitsError)
    assert why in error.why
    assert expected in str(error.context["expected"])
    assert actual in str(error.context["actual"])
    assert error.resolution


def test_a_graph_without_a_start_or_with_one_twice_is_refused() -> None:
    nothing = {"start": [], "start_base": [], "start_coefficients": np.zeros((0, 2))}
    with pytest.raises(GraphError, match="there is no start"):
        graph(**nothing)
    with pytest.raises(GraphError, match=r"a start occurs twice[\s\S]*state \(2, 0\)"):
        graph(start=[0, 0], start_base=[0.5, 0.5], start_coefficients=np.zeros((2, 2)))


def test_a_chain_that_never_ends_is_refused() -> None:
    cycle = {"source": [0, 1], "target": [1, 0], "base": [1.0, 1.0], "coefficients": np.zeros((2, 2))}
    with pytest.raises(GraphError, match="there is no absorbing state"):
        graph(states=[[2, 0], [1, 0]], **cycle)
    trap = {"source": [0, 0, 1, 2], "target": [3, 1, 2, 1], "base": [1.0] * 4, "coefficients": np.zeros((4, 2))}
    with pytest.raises(GraphError, match=r"an absorbing state cannot be reached[\s\S]*vertex 1[\s\S]*trapped=2"):
        graph(states=[[3, 0], [2, 0], [1, 0], [0, 0]], **trap)


def test_a_self_loop_is_for_discrete_time() -> None:
    loop = {"base": [0.5, 0.25, 0.5], "target": [1, 1, 2], "coefficients": np.zeros((3, 0))}
    made = graph(kind="discrete", start_coefficients=[[]], **loop)
    assert made.to_matrices().S.toarray().tolist() == [[0.5, 0.5], [0.0, 0.5]]


def test_a_start_may_be_absorbing() -> None:
    made = graph(start=[0, 2], start_base=[0.5, 0.25], start_coefficients=np.zeros((2, 2)))
    assert made.to_matrices([1, 1]).alpha.tolist() == [0.5, 0.0]
    nothing: dict[str, Any] = {
        name: np.array(FIELDS[name])[:0] for name in ("source", "target", "base", "coefficients")
    }
    alone = graph(states=[[0, 0]], **nothing)
    alpha, matrix, leaves = alone.to_matrices([1, 1])
    assert (alpha.shape, matrix.shape, leaves.shape) == ((0,), (0, 0), (0,))


def test_weights_are_affine_in_the_parameters() -> None:
    made = graph()
    assert made.weights([2.0, 0.5]).tolist() == [2.0, 0.5 + 1.5, 2.0]
    assert made.weights(np.array([[2.0, 0.5], [1, 0]])).tolist() == [[2.0, 2.0, 2.0], [1.0, 0.5, 2.0]]
    assert made.start_probabilities(np.ones((4, 2))).shape == (4, 1)
    assert made.weights(np.ones((0, 2))).shape == (0, 3)


def test_weights_are_log_linear_where_they_are_asked_to_be() -> None:
    made = graph(weight_mode="log_linear", base=[1.0, 0.5, 2.0])
    assert made.weights([np.log(2), np.log(3)]) == pytest.approx([2.0, 0.5 * 27, 2.0], rel=1e-15)


@pytest.mark.parametrize(
    ("theta", "why"),
    [
        ((), "wrong shape"),
        ([1.0], "wrong shape"),
        ([1.0, 2.0, 3.0], "wrong shape"),
        (1.0, "wrong shape"),
        ([[[1.0, 2.0]]], "wrong shape"),
        ([1.0, np.nan], "not finite"),
        ([[1.0, 1.0], [np.inf, 1.0]], "not finite"),
        (["a", "b"], "no real numbers"),
        ([1.0, 1j], "no real numbers"),
        ([[1.0], [1.0, 2.0]], "no array"),
        ([-1.0, 1.0], "vertex 0, state (2, 0), to vertex 1, state (1, 0) has the weight -1.0"),
        ([[1.0, 1.0], [1.0, -1.0]], "vertex 1, state (1, 0), to vertex 0, state (2, 0) has the weight -2.5"),
        ([1.0, 1e308], "has the weight inf"),
    ],
)
def test_parameters_that_a_graph_cannot_take_are_refused(theta: Any, why: str) -> None:
    with pytest.raises(ParameterError) as caught:
        graph().weights(theta)
    assert isinstance(caught.value, ValueError)
    assert why in caught.value.why
    with pytest.raises(ParameterError):
        graph().to_matrices(theta)


def test_weights_that_overflow_are_refused() -> None:
    with pytest.raises(ParameterError, match="has the weight inf"):
        graph(weight_mode="log_linear", base=[1.0, 1.0, 1.0]).weights([1000.0, 0.0])


def test_a_weight_that_misses_0_by_rounding_is_0() -> None:
    chain = {"source": [0, 1, 1], "base": [0.5, 0.3, 0.5], "coefficients": [[0, 0], [-1.0, -1.0], [0, 0]]}
    made = graph(**chain)
    assert 0.3 - (0.1 + 0.2) < 0
    assert made.weights([0.1, 0.2])[1] == 0.0
    with pytest.raises(ParameterError, match="has the weight -"):
        made.weights([0.1, 0.2 + 1e-12])


def test_probabilities_above_1_are_refused_where_parameters_make_them() -> None:
    starts = {"start": [0, 1], "start_base": [0.5, 0.0], "start_coefficients": [[0, 0], [1.0, 0]]}
    made = graph(**starts)
    assert made.start_probabilities([0.25, 1.0]).tolist() == [0.5, 0.25]
    with pytest.raises(ParameterError, match=r"starts' probabilities sum to more than 1[\s\S]*1\.25"):
        made.start_probabilities([[0.25, 1.0], [0.75, 1.0]])
    step = graph(kind="discrete", base=[0.0, 0.0, 0.5])
    assert step.weights([1.0, 1 / 6]).tolist() == [1.0, 0.5, 0.5]
    with pytest.raises(ParameterError, match=r"out of vertex 1, state \(1, 0\) sum to more than 1"):
        step.weights([1.0, 0.5])


def test_a_batch_has_no_matrices() -> None:
    with pytest.raises(ParameterError, match="theta is a batch"):
        graph().to_matrices(np.ones((2, 2)))


@given(st.data())
def test_weights_and_matrices_are_those_of_an_edge_by_edge_sum(data: st.DataObject) -> None:
    drawn = data.draw(graphs())
    theta = data.draw(thetas(drawn))
    alpha, matrix = dense(drawn, theta)
    transient = np.flatnonzero(~drawn.absorbing)
    found = drawn.to_matrices(theta)
    # A weight is a sum of 1 + p products; its exponential multiplies their error by |coefficients·θ| <= 12.
    near: dict[str, Any] = {"rel": 1e-13, "abs": 1e-13}
    assert found.alpha == pytest.approx(alpha[transient], **near)
    assert found.S.toarray() == pytest.approx(matrix[np.ix_(transient, transient)], **near)
    assert found.exit == pytest.approx(matrix[np.ix_(transient, np.flatnonzero(drawn.absorbing))].sum(axis=1), **near)
    assert found.S.has_canonical_format
    whole = 0.0 if drawn.kind is Kind.CONTINUOUS else 1.0
    sums = np.abs(found.S).sum(axis=1) + 1
    assert np.abs(found.S.sum(axis=1) + found.exit - whole).max() <= 1e-14 * sums.max()
    batch = drawn.weights([theta, theta])
    assert batch == pytest.approx(np.stack([drawn.weights(theta)] * 2), rel=1e-15)


@given(st.data())
def test_a_graph_from_the_matrices_of_another_has_its_distribution(data: st.DataObject) -> None:
    drawn = data.draw(graphs())
    theta = data.draw(thetas(drawn))
    alpha, matrix, leaves = drawn.to_matrices(theta)
    for exits in (leaves, None):
        again = from_matrices(alpha, csr_array(matrix), exit=exits, kind=drawn.kind)
        assert (again.kind, again.parameters) == (drawn.kind, 0)
        for time in (0, 1, 3):
            assert cdf(again, (), time) == pytest.approx(cdf(drawn, theta, time), abs=1e-10)


def test_matrices_keep_the_order_of_their_rows() -> None:
    rates = np.array([[-3.0, 1.0], [0.5, -0.5]])
    made = from_matrices([0.25, 0.5], rates)
    assert made.states.tolist() == [[0], [1], [2]]
    assert made.to_matrices().S.toarray().tolist() == rates.tolist()
    assert made.to_matrices().exit.tolist() == [2.0, 0.0]
    assert made.to_matrices().alpha.tolist() == [0.25, 0.5]
    named = from_matrices([0.25, 0.5], rates, states=[(7, 7), (8, 8), (0, 0)])
    assert named.vertex_of((8, 8)) == 1


@pytest.mark.parametrize(
    ("alpha", "matrix", "options", "why"),
    [
        ([1.0], [[1.0]], {}, "lets out more than it has"),
        ([1.0], [[1.5]], {"kind": "discrete"}, "lets out more than it has"),
        ([1.0, 0.0], [[-1.0]], {}, "S does not fit alpha"),
        ([1.0], [[-1.0, 1.0]], {}, "S does not fit alpha"),
        ([1.0, 0.0], [[-1.0, -0.5], [1.0, -2.0]], {}, "negative"),
        ([1.0, 0.5], [[-1.0, 0.5], [1.0, -2.0]], {}, "sum to more than 1"),
        ([-0.5, 0.5], [[-1.0, 0.5], [1.0, -2.0]], {}, "negative"),
        ([1.0, 0.0], [[-1.0, 0.0], [0.0, -2.0]], {}, "never reached"),
        ([1.0, 0.0], [[-1.0, 1.0], [1.0, -1.0]], {}, "never reached"),
        ([np.nan], [[-1.0]], {}, "alpha has an entry"),
        ([1.0], [[np.nan]], {}, "S has an entry"),
        ([1.0], [[-1.0]], {"exit": [2.0]}, "does not fit exit"),
        ([1.0], [[-1.0]], {"exit": [1.0, 1.0]}, "exit has the wrong shape"),
        ([1.0], [[-1.0]], {"kind": "bogus"}, "no such kind"),
        ([1.0], [[-1.0]], {"states": [[1]]}, "an entry that cannot be used"),
        ([1.0], "S", {}, "S holds no real numbers"),
    ],
)
def test_matrices_that_are_no_distribution_are_refused(alpha: Any, matrix: Any, options: Any, why: str) -> None:
    with pytest.raises(GraphError) as caught:
        from_matrices(alpha, matrix, **options)
    assert why in caught.value.why
    assert {"expected", "actual"} <= caught.value.context.keys()


@given(graphs())
def test_states_are_looked_up(drawn: Graph) -> None:
    for vertex, state in enumerate(drawn.states):
        assert drawn.vertex_of(tuple(state.tolist())) == vertex
        assert drawn.vertex_of(state) == vertex


@pytest.mark.parametrize("state", [(3, 0), (2,), (2, 0, 0), (1.5, 0), ("a", "b"), (2**40, 0), "ab", (None, 0), ()])
def test_a_state_that_is_not_there_is_an_error(state: Any) -> None:
    with pytest.raises(UnknownStateError, match="the graph has no state") as caught:
        graph().vertex_of(state)
    assert isinstance(caught.value, LookupError)


@given(graphs(), graphs())
def test_graphs_are_equal_if_all_that_they_say_is(one: Graph, other: Graph) -> None:
    again = Graph(**{name: getattr(one, name) for name in FIELDS})
    assert one == again
    assert (one.digest, hash(one)) == (again.digest, hash(again))
    assert (one == other) == (one.digest == other.digest)
    assert one != "a graph"


@pytest.mark.parametrize(
    "changes",
    [
        {"states": [[2, 0], [1, 0], [0, 1]]},
        {"base": [0.0, 0.5, np.nextafter(2.0, 3.0)]},
        {"coefficients": [[1.0, 0.0], [3.0, 0.0], [0.0, 0.0]]},
        {"start_base": [0.5]},
        {"start": [1]},
        {"kind": "discrete", "base": [0.0, 0.5, 0.5]},
        {"target": [2, 0, 2], "start": [0, 1], "start_base": [0.5, 0.5], "start_coefficients": [[0, 0], [0, 0]]},
    ],
)
def test_whatever_differs_makes_another_graph(changes: dict[str, Any]) -> None:
    assert graph(**changes) != graph()
    assert graph(**changes).digest != graph().digest


def test_a_digest_never_changes() -> None:
    """It names files in caches: on every machine, in every version."""
    assert graph().digest == graph(base=[-0.0, 0.5, 2.0]).digest
    assert graph().digest == "cd1e8e93cb6b291670d02063d2ee64b6637de0bd959cd8b02ac8db276a12db52"


@given(graphs())
def test_a_copy_is_equal_and_read_only(drawn: Graph) -> None:
    for again in (copy.copy(drawn), copy.deepcopy(drawn), pickle.loads(pickle.dumps(drawn))):
        assert again == drawn
        assert not again.base.flags.writeable


def test_repr_says_what_it_is() -> None:
    assert repr(graph()) == (
        "Graph(continuous, linear: 3 states of 2 numbers, 1 absorbing, 3 edges, 2 parameters, 1 start; 180 bytes)"
    )


def test_importing_the_package_needs_numpy_only() -> None:
    """What a worker or the command line does with a graph does not wait for a compiler."""
    code = "import sys, sharpbits.phasetype; print(*{'jax', 'scipy', 'matplotlib', 'jaxtyping'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_defect_is_mass_at_time_0() -> None:
    builder = GraphBuilder()
    builder.start((1,), 0.75)
    builder.edge((1,), (0,), 2.0)
    alpha, matrix, _ = builder.build().to_matrices()
    for time in (0.0, 0.5):
        assert 1 - (alpha @ expm(matrix.toarray() * time)).sum() == pytest.approx(
            1 - 0.75 * np.exp(-2 * time), rel=1e-14
        )
