"""Recording: the order, the operations, their bytes; in one piece or by strongly connected components."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phasetype.graphs import graphs, thetas
from phasetype.patterns import both_ways, patterns, ring
from phasetype.rational import Exact
from sharpbits.phasetype import Graph, GraphBuilder, Kind, block_counting, two_island
from sharpbits.phasetype.components import find_components, transient_pattern
from sharpbits.phasetype.elimination import Elimination, eliminate
from sharpbits.phasetype.errors import TraceError
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.trace import Trace, record, stitch
from sharpbits.phasetype.trace_moments import moments


def by_components(graph: Graph) -> Trace:
    components = find_components(graph)
    return stitch(components, {number: eliminate(pattern) for number, pattern in components.patterns().items()})


@settings(max_examples=100)
@given(data=st.data())
def test_the_operations_of_a_trace_are_an_exact_elimination(data: st.DataObject) -> None:
    """Interpreted in fractions, without a difference anywhere: the arrays mean what their description says."""
    graph = data.draw(graphs())
    exact = Exact.of(graph, data.draw(thetas(graph)))
    trace = data.draw(st.sampled_from([record, by_components]))(graph)
    assert interpreted(trace, exact) == exact.solve([Fraction(1)] * graph.vertices)


def interpreted(trace: Trace, exact: Exact) -> list[Fraction]:
    """Return the expected time from every vertex, by the operations of a trace."""
    places = len(trace.order)
    upper: list[dict[int, Fraction]] = [{} for _ in range(places)]
    out, exits, side = [Fraction(0)] * places, [Fraction(0)] * places, [Fraction(1)] * places
    solution = [Fraction(0)] * (places + 1)
    place = trace.place.tolist()
    for begin, end in reversed(list(zip(trace.blocks[:-1].tolist(), trace.blocks[1:].tolist(), strict=True))):
        for p in range(begin, end):
            row: dict[int, Fraction] = {}
            for vertex, weight in enumerate(exact.step[trace.order[p]]):
                if begin <= place[vertex] < end:
                    row[place[vertex]] = weight
                else:
                    exits[p] += weight
                    side[p] += weight * solution[place[vertex]]
            for k in trace.lower[trace.lower_offsets[p] : trace.lower_offsets[p + 1]].tolist():
                factor = row[k] / out[k]
                for j, weight in upper[k].items():
                    row[j] = row.get(j, Fraction(0)) + factor * weight
                exits[p] += factor * exits[k]
                side[p] += factor * side[k]
            ahead = trace.upper[trace.upper_offsets[p] : trace.upper_offsets[p + 1]].tolist()
            assert {j for j in range(p + 1, end) if row.get(j)} <= set(ahead)
            upper[p] = {j: row.get(j, Fraction(0)) for j in ahead}
            out[p] = exits[p] + sum(upper[p].values(), Fraction(0))
        for p in reversed(range(begin, end)):
            solution[p] = (side[p] + sum(w * solution[j] for j, w in upper[p].items())) / out[p]
    return [solution[p] for p in place]


@settings(max_examples=150)
@given(data=st.data())
def test_components_apart_and_stitched_give_the_numbers_of_one_piece(data: st.DataObject) -> None:
    graph = data.draw(graphs(max_vertices=12))
    theta = data.draw(thetas(graph))
    whole, parts = record(graph), by_components(graph)
    np.testing.assert_allclose(moments(parts, graph, theta, order=3), moments(whole, graph, theta, order=3), rtol=3e-14)


@settings(max_examples=100)
@given(data=st.data())
def test_every_order_of_elimination_gives_the_same_numbers(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    theta = data.draw(thetas(graph))
    components = find_components(graph)
    eliminations = {
        number: eliminate(pattern, order=np.array(data.draw(st.permutations(range(pattern.size)))))
        for number, pattern in components.patterns().items()
    }
    found = moments(stitch(components, eliminations), graph, theta, order=2)
    np.testing.assert_allclose(found, moments(record(graph), graph, theta, order=2), rtol=3e-14)


@settings(max_examples=100)
@given(graph=graphs(acyclic=True, max_vertices=12))
def test_a_graph_without_cycles_is_taken_in_topological_order_and_nothing_is_added(graph: Graph) -> None:
    trace = record(graph)
    assert trace.operations == 0
    pattern, _ = transient_pattern(graph)
    assert len(trace.lower) + len(trace.upper) == pattern.edges
    parts = by_components(graph)
    assert len(parts.blocks) - 1 == pattern.size
    assert len(parts.lower) + len(parts.upper) == 0
    source, target = parts.place[graph.source], parts.place[graph.target]
    assert (source < target)[graph.source != graph.target].all()


@settings(max_examples=150)
@given(graph=graphs(max_vertices=12))
def test_components_are_the_vertices_that_reach_each_other_in_topological_order(graph: Graph) -> None:
    components = find_components(graph)
    reach = np.eye(graph.vertices, dtype=bool)
    reach[graph.source, graph.target] = True
    for middle in range(graph.vertices):  # Warshall's closure
        reach |= np.outer(reach[:, middle], reach[middle])
    wanted = {frozenset(np.flatnonzero(one).tolist()) for one in (reach & reach.T)[~graph.absorbing]}
    bounds = list(zip(components.offsets[:-1].tolist(), components.offsets[1:].tolist(), strict=True))
    assert {frozenset(components.vertices[begin:end].tolist()) for begin, end in bounds} == wanted
    number = np.full(graph.vertices, len(bounds))
    for place, (begin, end) in enumerate(bounds):
        number[components.vertices[begin:end]] = place
    assert (number[graph.source] <= number[graph.target]).all()


def test_a_path_both_ways_is_eliminated_from_its_ends_without_an_added_edge() -> None:
    found = eliminate(both_ways(50))
    assert len(found.lower) + len(found.upper) == 2 * 49
    assert found.order[:3].tolist() == [0, 1, 2]


def test_a_star_both_ways_loses_its_leaves_first() -> None:
    """Natural order would join all leaves to one another."""
    size = 40
    star = Pattern.of([pair for leaf in range(1, size) for pair in ((0, leaf), (leaf, 0))], size=size)
    assert len(eliminate(star).upper) == size - 1
    assert eliminate(star).order[-2] == 0
    assert len(eliminate(star, order=np.arange(size)).upper) == size * (size - 1) // 2


def test_the_order_keeps_operations_of_an_island_model_far_below_those_of_the_natural_one() -> None:
    pattern, _ = transient_pattern(two_island(10, 10))
    assert 4 * eliminate(pattern).operations < eliminate(pattern, order=np.arange(pattern.size)).operations


def test_what_is_all_joined_needs_the_operations_of_a_dense_elimination() -> None:
    size = 12
    dense = Pattern.of([(i, j) for i in range(size) for j in range(size) if i != j], size=size)
    # For every pivot k, each of the later rows is added to in k's later columns, its own among them.
    assert eliminate(dense).operations == sum((size - 1 - k) ** 2 for k in range(size))


@given(pattern=patterns())
def test_equal_patterns_have_equal_bytes_and_come_back_from_them(pattern: Pattern) -> None:
    found = eliminate(pattern)
    assert eliminate(Pattern.from_document(pattern.document)).to_bytes() == found.to_bytes()
    assert Elimination.from_bytes(found.to_bytes()) == found
    assert hash(Elimination.from_bytes(found.to_bytes())) == hash(found)
    found.check(pattern)


def test_the_bytes_of_an_elimination_are_those_of_the_format() -> None:
    """Stored ones stay readable: a change here is a new version. Vertex 0 goes first, which joins 2 to 1."""
    assert eliminate(ring(3)).to_bytes().hex() == (
        "736861727062697473" "20656c696d696e6174696f6e20310a"
        "0300000000000000" "0200000000000000" "0200000000000000"
        "000000000100000002000000"
        "0000000000000000" "0000000000000000" "0000000000000000" "0200000000000000"
        "0000000001000000"
        "0000000000000000" "0100000000000000" "0200000000000000" "0200000000000000"
        "0100000002000000"
    )  # fmt: skip


@settings(max_examples=400)
@given(data=st.data())
def test_damaged_bytes_are_refused_or_mean_a_valid_elimination(data: st.DataObject) -> None:
    """Never another exception, and never arrays that the kernel would run out of."""
    content = bytearray(eliminate(data.draw(patterns())).to_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        how = data.draw(st.sampled_from(["change", "cut", "insert"]))
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        if how == "change" and content:
            content[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del content[at:]
        else:
            content.insert(at, data.draw(st.integers(0, 255)))
    try:
        found = Elimination.from_bytes(bytes(content))
    except TraceError as error:
        assert error.context  # noqa: PT017 - either outcome is right
    else:
        assert found.to_bytes() == bytes(content)


@settings(max_examples=100)
@given(data=st.data())
def test_an_elimination_that_lacks_an_operation_is_told_from_a_complete_one(data: st.DataObject) -> None:
    pattern = data.draw(patterns().filter(lambda one: one.edges))
    whole = eliminate(pattern)
    side = data.draw(st.sampled_from([side for side in ("lower", "upper") if len(getattr(whole, side))]))
    gone = data.draw(st.integers(0, len(getattr(whole, side)) - 1))
    arrays = whole.places()._asdict()
    offsets = arrays[f"{side}_offsets"]
    arrays[side] = np.delete(arrays[side], gone)
    arrays[f"{side}_offsets"] = offsets - (offsets > gone)
    with pytest.raises(TraceError, match="incomplete"):
        Elimination(**arrays).check(pattern)


def test_an_elimination_of_another_pattern_is_refused() -> None:
    with pytest.raises(TraceError, match="of another pattern"):
        eliminate(ring(3)).check(both_ways(3))
    with pytest.raises(TraceError, match="of another pattern"):
        eliminate(ring(3)).check(ring(4))


def test_an_order_that_is_none_is_refused() -> None:
    for order in ([0, 1, 1], [0, 1], [0, 1, 3], [[0, 1, 2]], [0.5, 1, 2]):
        with pytest.raises(TraceError, match="the order is no order"):
            eliminate(ring(3), order=np.array(order))


def test_stitching_needs_the_elimination_of_every_cyclic_component() -> None:
    components = find_components(two_island(2, 1))
    eliminations = {number: eliminate(pattern) for number, pattern in components.patterns().items()}
    first = min(eliminations)
    with pytest.raises(TraceError, match=f"1 eliminations are missing, the first of component {first}"):
        stitch(components, {number: one for number, one in eliminations.items() if number != first})
    with pytest.raises(TraceError, match=r"has 7 vertices"):
        stitch(components, eliminations | {first: eliminate(ring(7))})


def arrays_of(trace: Trace) -> dict[str, Any]:
    return {one.name: getattr(trace, one.name) for one in dataclasses.fields(trace)}


@settings(max_examples=60)
@given(data=st.data())
def test_a_trace_that_lacks_an_operation_is_refused(data: st.DataObject) -> None:
    trace = data.draw(st.sampled_from([record, by_components]))(data.draw(graphs()))
    sides = [side for side in ("lower", "upper") if len(getattr(trace, side))]
    assume(sides)
    arrays, side = arrays_of(trace), data.draw(st.sampled_from(sides))
    gone = data.draw(st.integers(0, len(arrays[side]) - 1))
    arrays[side] = np.delete(arrays[side], gone)
    arrays[f"{side}_offsets"] = arrays[f"{side}_offsets"] - (arrays[f"{side}_offsets"] > gone)
    with pytest.raises(TraceError, match="lacks operations"):
        Trace(**arrays)


def test_a_trace_whose_arrays_the_kernel_cannot_trust_is_refused() -> None:
    """Nothing that is read or written with an index from them may lie outside."""
    graph = two_island(3, 2)
    arrays = arrays_of(by_components(graph))
    order, places = arrays["order"], len(arrays["order"])
    faults: list[tuple[str, dict[str, Any]]] = [
        ("its edges do not fit", {"edge_target": arrays["edge_target"] + graph.vertices}),
        ("its edges do not fit", {"edge_target": arrays["edge_target"][:-1]}),
        ("its edges have the wrong shapes", {"edge_offsets": arrays["edge_offsets"][None]}),
        ("its edges have the wrong shapes", {"edge_offsets": []}),
        ("its blocks do not fit", {"blocks": [0, places + 1]}),
        ("its order is none", {"order": np.zeros_like(order)}),
        ("its arrays do not fit", {"order": order[:-1]}),
        ("its places are out of order", {"blocks": np.arange(places + 1)}),
    ]
    for message, changed in faults:
        with pytest.raises(TraceError, match=message):
            Trace(**arrays | changed)
    acyclic = arrays_of(by_components(block_counting(4)))
    with pytest.raises(TraceError, match="lacks operations"):  # edges lead to a block that is not solved yet
        Trace(**acyclic | {"order": acyclic["order"][::-1]})
    absorbing = np.flatnonzero(graph.absorbing)[:1]
    whole = arrays_of(record(graph))
    whole |= {
        "order": np.append(whole["order"], absorbing),
        "blocks": [*whole["blocks"], places + 1],
        "lower_offsets": np.append(whole["lower_offsets"], len(whole["lower"])),
        "upper_offsets": np.append(whole["upper_offsets"], len(whole["upper"])),
    }
    with pytest.raises(TraceError, match="vertices"):
        Trace(**whole)


def test_a_trace_can_be_sent_to_another_process_after_it_was_replayed() -> None:
    graph, theta = two_island(3, 2), [1.0, 0.5, 0.5, 2.0]
    trace = by_components(graph)
    wanted = moments(trace, graph, theta)
    for sent in (pickle.loads(pickle.dumps(trace)), copy.deepcopy(trace)):
        assert sent == trace
        assert not sent.order.flags.writeable
        np.testing.assert_array_equal(moments(sent, graph, theta), wanted)


def test_equal_components_have_equal_patterns() -> None:
    """Two rings, one behind the other, whatever their weights are."""
    builder = GraphBuilder(parameters=1)
    builder.start((0,))
    for first in (0, 3):
        for i in range(3):
            builder.edge((first + i,), (first + (i + 1) % 3,), 1.0 + first, [float(i)])
    builder.edge((2,), (3,), 1.0)
    builder.edge((5,), (6,), 1.0)
    one, other = find_components(builder.build()).patterns().values()
    assert one == other == ring(3)
    assert one.key == other.key
    assert hash(one) == hash(other)


def test_a_start_that_is_absorbing_has_nothing_to_eliminate() -> None:
    builder = GraphBuilder()
    builder.start((0,), 0.5)
    graph = builder.build()
    assert moments(record(graph), graph, order=2).tolist() == [0.0, 0.0]
    assert record(graph) == by_components(graph)


def test_a_self_loop_of_discrete_time_is_no_edge_of_a_pattern() -> None:
    builder = GraphBuilder(kind=Kind.DISCRETE)
    builder.start((0,))
    builder.edge((0,), (0,), 0.5)
    builder.edge((0,), (1,), 0.25)
    graph = builder.build()
    assert transient_pattern(graph)[0].edges == 0
    assert moments(record(graph), graph, order=2).tolist() == [4.0, 28.0]


def test_a_trace_says_what_it_costs() -> None:
    graph = block_counting(10)
    trace = record(graph)
    assert trace.operations == 0
    assert repr(trace) == f"Trace(41 vertices in 1 blocks, 0 operations; {trace.nbytes:,} bytes)"
    pattern, _ = transient_pattern(graph)
    assert repr(pattern) == "Pattern(41 vertices, 109 edges)"
    assert repr(eliminate(pattern)) == "Elimination(41 vertices, 0 lower and 109 upper entries, 0 operations)"
