"""A graph as a dictionary, as JSON and as bytes: what is written comes back the same, what is damaged never does."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from phasetype.graphs import cdf, graphs, thetas
from phasetype.samples import as_lists, linear, log_linear
from sharpbits.phasetype import Graph, GraphError, Kind, coalescent

GOLDEN = Path(__file__).parents[2] / "fixtures" / "phasetype"


FORMS: dict[str, Callable[[Graph], Graph]] = {
    "dictionary": lambda graph: Graph.from_serialized(graph.serialize()),
    "lists": lambda graph: Graph.from_serialized(as_lists(graph)),
    "json": lambda graph: Graph.from_json(graph.to_json()),
    "json bytes": lambda graph: Graph.from_json(graph.to_json().encode()),
    "bytes": lambda graph: Graph.from_bytes(graph.to_bytes()),
    "memoryview": lambda graph: Graph.from_bytes(memoryview(bytearray(graph.to_bytes()))),
}


@given(graphs())
def test_a_round_trip_is_the_identity(graph: Graph) -> None:
    for form, round_trip in FORMS.items():
        again = round_trip(graph)
        assert again == graph, form
        assert again.digest == graph.digest
        for name in ("states", "source", "base", "coefficients", "start_base", "start_coefficients", "offsets"):
            one, other = getattr(again, name), getattr(graph, name)
            assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes()), form


@given(st.data())
def test_a_round_trip_keeps_the_distribution(data: st.DataObject) -> None:
    """By scipy.linalg.expm on the matrices: the same numbers after as before."""
    graph = data.draw(graphs())
    theta = data.draw(thetas(graph))
    expected = [distribution(graph, theta, time) for time in (0, 1, 3)]
    assert expected == pytest.approx([cdf(graph, theta, time) for time in (0, 1, 3)], abs=1e-10)
    for form, round_trip in FORMS.items():
        assert [distribution(round_trip(graph), theta, time) for time in (0, 1, 3)] == expected, form


def distribution(graph: Graph, theta: list[float], time: int) -> float:
    alpha, matrix, _ = graph.to_matrices(theta)
    dense = matrix.toarray()
    after = expm(dense * time) if graph.kind is Kind.CONTINUOUS else np.linalg.matrix_power(dense, time)
    return float(1.0 - (alpha @ after).sum())


@pytest.mark.parametrize("graph", [linear(), log_linear(), coalescent(5)])
def test_fields_have_the_names_types_and_shapes_of_the_documentation(graph: Graph) -> None:
    fields = graph.serialize()
    n, d, p, m, s = graph.vertices, graph.state_length, graph.parameters, graph.edges, len(graph.start)
    assert [fields[name] for name in ("format_version", "kind", "weight_mode", "n_vertices", "state_length")] == [
        1,
        str(graph.kind),
        str(graph.weight_mode),
        n,
        d,
    ]
    assert (fields["param_length"], fields["digest"]) == (p, graph.digest)
    constant, of_starts = len(fields["edges"]), len(fields["start_edges"])
    for name, dtype, shape in [
        ("states", np.int32, (n, d)),
        ("edges", np.float64, (constant, 3)),
        ("param_edges", np.float64, (m - constant, 2 + p)),
        ("param_base_weights", np.float64, (m - constant,)),
        ("start_edges", np.float64, (of_starts, 2)),
        ("start_param_edges", np.float64, (s - of_starts, 1 + p)),
        ("start_param_base_weights", np.float64, (s - of_starts,)),
    ]:
        assert (fields[name].dtype, fields[name].shape) == (dtype, shape), name
    assert len(fields) == 14


def test_what_is_returned_is_no_window_into_the_graph() -> None:
    graph = linear()
    for array in graph.serialize().values():
        if isinstance(array, np.ndarray):
            array[...] = 7
    assert graph == linear()


@pytest.mark.parametrize(("name", "make"), [("linear", linear), ("log-linear", log_linear)])
def test_the_golden_files_are_read_and_written_to_the_byte(name: str, make: Callable[[], Graph]) -> None:
    """A graph that was stored once can be read for ever, and its digest never changes."""
    text, content = (GOLDEN / f"{name}.json").read_text(), (GOLDEN / f"{name}.graph").read_bytes()
    assert Graph.from_json(text) == Graph.from_bytes(content) == make()
    assert make().to_json() == text
    assert make().to_bytes() == content


def test_another_process_reads_what_this_one_wrote() -> None:
    code = (
        "import sys; from sharpbits.phasetype import Graph;"
        "graph = Graph.from_bytes(sys.stdin.buffer.read()); sys.stdout.write(graph.to_json())"
    )
    done = subprocess.run([sys.executable, "-c", code], input=linear().to_bytes(), capture_output=True, check=True)
    assert done.stdout.decode() == linear().to_json()


def test_bytes_are_compact() -> None:
    graph = coalescent(1000)
    n, m = graph.vertices, graph.edges
    assert len(graph.to_bytes()) <= n * 4 + m * (16 + 8) + (12 + 8) + 140


@given(graphs(), st.randoms(use_true_random=False))
def test_edges_may_stand_in_any_order(graph: Graph, shuffling: random.Random) -> None:
    document = as_lists(graph)
    for table, bases in (("edges", None), ("param_edges", "param_base_weights"), ("start_edges", None)):
        rows = list(zip(document[table], document[bases] if bases else document[table], strict=True))
        shuffling.shuffle(rows)
        document[table] = [row for row, _ in rows]
        if bases:
            document[bases] = [base for _, base in rows]
    assert Graph.from_serialized(document) == graph


def test_a_person_writes_the_digest_as_null() -> None:
    text = linear().to_json().replace(f'"{linear().digest}"', "null")
    assert Graph.from_json(text) == linear()


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda fields: fields.pop(name)


def put(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda fields: fields.__setitem__(name, value)


def at(name: str, where: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(fields: dict[str, Any]) -> None:
        *way, last = where if isinstance(where, tuple) else (where,)
        part = fields[name]
        for key in way:
            part = part[key]
        part[last] = value

    return change


def twice(name: str) -> Callable[[dict[str, Any]], None]:
    """One row of a table once more, with what belongs to it."""

    def change(fields: dict[str, Any]) -> None:
        for one in (name, *(bases for table, bases in BASES if table == name)):
            fields[one] = [*fields[one], fields[one][0]]

    return change


def swapped(fields: dict[str, Any]) -> None:
    """Vertices 0 and 1 change their states, and nothing else."""
    fields["states"][0], fields["states"][1] = fields["states"][1], fields["states"][0]


def renumbered(fields: dict[str, Any]) -> None:
    """Vertices 0 and 1 change their places everywhere: the same chain, as another graph."""
    swapped(fields)
    for name, columns in (("edges", 2), ("param_edges", 2), ("start_edges", 1), ("start_param_edges", 1)):
        for row in fields[name]:
            row[:columns] = [{0.0: 1.0, 1.0: 0.0}.get(vertex, vertex) for vertex in row[:columns]]


BASES = (("param_edges", "param_base_weights"), ("start_param_edges", "start_param_base_weights"))

MALFORMED: list[tuple[str, Callable[[dict[str, Any]], Any], str, str, str]] = [
    *[(f"no {name}", without(name), "a field is missing", name, f"missing {name}") for name in linear().serialize()],
    ("another field", put("weights", []), "an unknown field", "states", "unknown ['weights']"),
    ("version", put("format_version", 2), "another version", "1", "2"),
    ("version", put("format_version", True), "another version", "1", "True"),
    ("version", put("format_version", "1"), "another version", "1", "'1'"),
    ("kind", put("kind", "both"), "no such kind", "continuous or discrete", "'both'"),
    ("kind", put("kind", None), "no such kind", "continuous or discrete", "None"),
    ("mode", put("weight_mode", "log"), "no such weight_mode", "linear or log_linear", "'log'"),
    ("2**40 vertices", put("n_vertices", 2**40), "n_vertices is no such number", "2147483647", str(2**40)),
    ("vertices", put("n_vertices", 5), "wrong number of rows", "(5, 2), as n_vertices says", "4 rows"),
    ("vertices", put("n_vertices", -1), "n_vertices is no such number", "from 1", "-1"),
    ("vertices", put("n_vertices", 4.0), "n_vertices is no such number", "an integer", "4.0"),
    ("vertices", put("n_vertices", "4"), "n_vertices is no such number", "an integer", "'4'"),
    ("vertices", put("n_vertices", True), "n_vertices is no such number", "an integer", "True"),
    ("2**40 numbers", put("state_length", 2**40), "state_length is no such number", "2147483647", str(2**40)),
    ("length", put("state_length", 3), "a row of the wrong length", "(4, 3)", "2 numbers in row 0"),
    ("length", put("state_length", 0), "state_length is no such number", "from 1", "0"),
    ("2**40 parameters", put("param_length", 2**40), "param_length is no such number", "4096", str(2**40)),
    ("parameters", put("param_length", 3), "a row of the wrong length", "(any number, 5)", "4 numbers in row 0"),
    ("parameters", put("param_length", 1), "a row of the wrong length", "(any number, 3)", "4 numbers in row 0"),
    ("states", put("states", [[2, -1]] * 3), "wrong number of rows", "(4, 2)", "3 rows"),
    ("states", at("states", (1, 0), 0.5), "an entry that cannot be used", "a whole number", "0.5 at (1, 0)"),
    ("states", at("states", (1, 0), 2**31), "an entry that cannot be used", "to 2147483647", "at (1, 0)"),
    ("states", at("states", (1, 0), 2**80), "a number that no float is", str(2**53), str(2**80)),
    ("states", at("states", (1, 0), True), "an entry that is no number", "a finite number", "True in row 1"),
    ("states", at("states", (1, 0), "1"), "an entry that is no number", "a finite number", "'1' in row 1"),
    ("states", at("states", (1, 0), None), "an entry that is no number", "a finite number", "None in row 1"),
    ("states", at("states", 1, [1]), "a row of the wrong length", "(4, 2)", "1 numbers in row 1"),
    ("states", at("states", 1, 7), "states is no table", "rows", "7"),
    ("states", put("states", "text"), "states is no table", "rows", "'text'"),
    ("a state twice", at("states", 1, [2, -1]), "a state occurs twice", "once", "vertex 0 and as vertex 1"),
    ("NaN", at("edges", (0, 2), math.nan), "not finite", "a finite number", "nan in row 0"),
    ("infinity", at("param_edges", (0, 3), math.inf), "not finite", "a finite number", "inf in row 0"),
    ("NaN", at("param_base_weights", 1, math.nan), "not finite", "a finite number", "nan in row 1"),
    ("large", at("edges", (0, 2), 2**53 + 1), "a number that no float is", str(2**53), str(2**53 + 1)),
    ("a fraction", at("edges", (0, 0), 0.5), "an index that is no vertex", "from 0 to 3", "0.5 in row 0"),
    ("out of range", at("edges", (0, 1), 4.0), "an index that is no vertex", "from 0 to 3", "4.0 in row 0"),
    ("out of range", at("param_edges", (1, 0), -1.0), "param_edges has an index", "from 0 to 3", "-1.0 in row 1"),
    ("out of range", at("start_edges", (0, 0), 1e300), "start_edges has an index", "from 0 to 3", "1e+300 in row 0"),
    ("out of range", at("start_param_edges", (0, 0), 4), "start_param_edges has an index", "from 0 to 3", "4.0 in row"),
    ("an edge twice", twice("edges"), "an edge occurs twice", "once", "from vertex 0"),
    ("an edge twice", twice("param_edges"), "an edge occurs twice", "once", "from vertex 0"),
    ("both tables", at("edges", (0, slice(0, 2)), [0.0, 1.0]), "an edge occurs twice", "once", "from vertex 0"),
    ("a start twice", twice("start_edges"), "a start occurs twice", "once", "vertex 0"),
    ("a start twice", twice("start_param_edges"), "a start occurs twice", "once", "vertex 1"),
    ("columns", at("edges", 0, [0.0, 3.0, 1.0, 1.0]), "a row of the wrong length", "(any number, 3)", "4 numbers"),
    ("bases", put("param_base_weights", [0.0]), "no list of that length", "(2,), as many as param_edges", "[0.0]"),
    ("bases", put("param_base_weights", {}), "no list of that length", "(2,)", "{}"),
    ("no parameters", at("param_edges", (0, slice(2, 4)), [0, 0]), "without parameters", "not 0", "row 0"),
    ("weight", at("edges", (0, 2), 0.0), "0 at all parameters", "a base above 0", "base 0.0"),
    ("weight", at("edges", (0, 2), -1.0), "negative at all parameters", "a base above 0", "base -1.0"),
    ("weight", at("edges", (0, 2), 3.0), "content was changed", "as the document has it", "of its content"),
    ("coefficient", at("param_edges", (0, 2), 3.0), "content was changed", "as the document has it", "of its content"),
    ("a start of 3", at("start_edges", (0, 1), 3.0), "sum to more than 1", "at most 1", "3.0 of the starts"),
    ("no start", lambda fields: fields.update(start_edges=[], start_param_edges=[], start_param_base_weights=[]),
     "there is no start", "at least one", "0"),
    ("self-loop", at("edges", (0, 1), 0.0), "cannot move to itself", "to differ", "vertex 0"),
    ("unreachable", lambda fields: fields["edges"].pop(0), "never reached", "to every state", "none to vertex"),
    ("other states", swapped, "vertices stand in another order", "as the document has it", "of its content"),
    ("other order", renumbered, "vertices stand in another order", "as the document has it", "of its content"),
    ("digest", put("digest", "0" * 64), "content was changed", "'0000", "of its content"),
    ("digest", put("digest", 7), "content was changed", "7", "of its content"),
    ("digest", put("digest", []), "content was changed", "[]", "of its content"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why", "expected", "actual"),
    [case[1:] for case in MALFORMED],
    ids=[case[0] for case in MALFORMED],
)
def test_what_is_malformed_is_refused_with_what_was_expected_and_what_was_found(
    change: Callable[[dict[str, Any]], Any], why: str, expected: str, actual: str
) -> None:
    document = as_lists(linear())
    change(document)
    with pytest.raises(GraphError) as caught:
        Graph.from_serialized(document)
    assert isinstance(caught.value, ValueError)
    assert why in caught.value.why
    assert expected in str(caught.value.context["expected"])
    assert actual in str(caught.value.context["actual"])
    with pytest.raises(GraphError):
        Graph.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("states", np.zeros((3, 2), np.int32), "wrong shape"),
        ("states", np.zeros((4, 3), np.int32), "wrong shape"),
        ("states", np.zeros(8, np.int32), "wrong shape"),
        ("states", np.zeros((4, 2), bool), "holds no real numbers"),
        ("states", np.zeros((4, 2), complex), "holds no real numbers"),
        ("states", np.array([["a", "b"]] * 4), "holds no real numbers"),
        ("states", np.full((4, 2), None), "holds no real numbers"),
        ("states", np.full((4, 2), 2**60), "a number that no float is"),
        ("states", np.full((4, 2), np.nan), "has an entry"),
        ("edges", np.zeros((2, 4)), "wrong shape"),
        ("edges", np.zeros(6), "wrong shape"),
        ("edges", np.array(0.0), "wrong shape"),
        ("edges", np.full((2, 3), np.nan), "has an entry"),
        ("edges", np.array([[0, 3, 2**53 + 1]]), "a number that no float is"),
        ("edges", np.array([[0, 3, 2**63 + 1]], np.uint64), "a number that no float is"),
        ("param_base_weights", np.zeros(3), "wrong shape"),
        ("param_base_weights", np.zeros((2, 1)), "wrong shape"),
        ("param_base_weights", np.array([0.0, np.inf]), "has an entry"),
        ("n_vertices", np.array(4), "no such number"),
        ("digest", np.array(["a", "b"]), "content was changed"),
    ],
)
def test_arrays_of_another_kind_are_refused(name: str, array: Any, why: str) -> None:
    with pytest.raises(GraphError) as caught:
        Graph.from_serialized(linear().serialize() | {name: array})
    assert why in caught.value.why


def test_numpy_numbers_are_numbers() -> None:
    document = linear().serialize()
    for name in ("format_version", "n_vertices", "state_length", "param_length"):
        document[name] = np.int64(document[name])
    document["edges"] = [list(map(np.float64, row)) for row in document["edges"]]
    document["states"] = [list(map(np.int32, row)) for row in document["states"]]
    assert Graph.from_serialized(document) == linear()


@pytest.mark.parametrize("name", ["n_vertices", "state_length", "param_length"])
def test_a_size_of_2_to_the_40_is_refused_before_anything_is_allocated(name: str) -> None:
    documents: list[Callable[[], Graph]] = [
        lambda: Graph.from_serialized(linear().serialize() | {name: 2**40}),
        lambda: Graph.from_json(json.dumps(as_lists(linear()) | {name: 2**40})),
    ]
    for read in documents:
        tracemalloc.start()
        try:
            with pytest.raises(GraphError, match=f"{name} is no such number"):
                read()
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("place", range(5))
def test_bytes_that_speak_of_2_to_the_40_are_refused_before_anything_is_allocated(place: int) -> None:
    magic, digest, sizes, *rest = linear().to_bytes().split(b"\n", 3)
    words = sizes.split()
    words[2 + place] = b"%d" % 2**40
    forged = b"\n".join([magic, digest, b" ".join(words), *rest])
    tracemalloc.start()
    try:
        with pytest.raises(GraphError, match=r"no graph has such sizes|does not fit the sizes"):
            Graph.from_bytes(forged)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("null", "no fields"),
        ("[]", "no fields"),
        ('"text"', "no fields"),
        ("{}", "a field is missing"),
        ("[" * 100_000, "no JSON"),
        ('{"a": ' * 100_000, "no JSON"),
        ('{"n_vertices": ' + "9" * 5000 + "}", "no JSON"),
        ('{"kind": 1, "kind": 1}', "a name occurs twice"),
        ('{"edges": [[0, 1, NaN]]}', "a number that is none"),
        ('{"edges": [[0, 1, -Infinity]]}', "a number that is none"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"\x80", "no JSON"),
        (None, "no text"),
        (7, "no text"),
        ({}, "no text"),
    ],
)
def test_a_text_that_is_no_document_is_refused(text: Any, why: str) -> None:
    with pytest.raises(GraphError) as caught:
        Graph.from_json(text)
    assert why in caught.value.why
    assert {"expected", "actual"} <= caught.value.context.keys()
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("graph", [linear(), log_linear()])
def test_json_cut_short_anywhere_is_refused(graph: Graph) -> None:
    text = graph.to_json().rstrip()
    for length in range(len(text)):
        with pytest.raises(GraphError, match="no JSON, or was cut short"):
            Graph.from_json(text[:length])


@pytest.mark.parametrize("graph", [linear(), log_linear()])
def test_bytes_cut_short_or_changed_anywhere_are_refused(graph: Graph) -> None:
    content = graph.to_bytes()
    for place in range(len(content)):
        with pytest.raises(GraphError):
            Graph.from_bytes(content[:place])
        with pytest.raises(GraphError):
            Graph.from_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(GraphError, match="does not fit the sizes"):
        Graph.from_bytes(content + b"\0")


def test_forged_bytes_are_checked_as_any_graph_is() -> None:
    """With a digest that fits, but edges out of order, or a weight that is none."""
    import hashlib

    magic, _, content = coalescent(3).to_bytes().split(b"\n", 2)

    def forged(old: bytes, new: bytes) -> bytes:
        assert content.count(old) == 1
        changed = content.replace(old, new)
        return b"\n".join([magic, hashlib.sha256(changed).hexdigest().encode(), changed])

    def ints(*numbers: int) -> bytes:
        return np.array(numbers, "<i4").tobytes()

    def floats(*numbers: float) -> bytes:
        return np.array(numbers, "<f8").tobytes()

    with pytest.raises(GraphError, match="not in order"):
        Graph.from_bytes(forged(ints(0, 1, 1, 2), ints(1, 0, 2, 1)))
    for bad in (math.nan, math.inf):
        with pytest.raises(GraphError, match="a finite number"):
            Graph.from_bytes(forged(floats(3.0, 1.0), floats(3.0, bad)))
    with pytest.raises(GraphError, match="from 0 to 2"):
        Graph.from_bytes(forged(ints(0, 1, 1, 2), ints(0, 1, 1, 3)))
    with pytest.raises(GraphError, match="no graph has such sizes"):
        Graph.from_bytes(forged(b"3 1 2 1 1\n", b"0 9999999999 0 1 0\n"))


@pytest.mark.parametrize("data", ["text", None, 7, [1, 2]])
def test_what_is_no_bytes_is_refused(data: Any) -> None:
    with pytest.raises(GraphError, match="another type"):
        Graph.from_bytes(data)
