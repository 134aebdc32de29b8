"""Stored phase-type graphs, mutated: the graph that was stored, or one clear refusal, and never another graph."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
from hypothesis import strategies as st

from abuse.drive import amounts, drive, refusal
from abuse.texts import mutated
from phasetype.samples import as_lists, linear, log_linear
from sharpbits.phasetype import Graph, GraphError, coalescent
from timetravel.damage import damaged

GRAPHS = {graph.digest: graph for graph in (linear(), log_linear(), coalescent(4))}

NUMBERS = [0, 1, -1, 2, 3, 0.5, -0.0, 2**31, 2**40, 2**53 + 1, 2**64, 10**400, 1e300, 5e-324, 1e-16, np.nan, np.inf]
STRANGE = [None, True, "1", "", [], {}, b"1", 1j, np.float32(1), np.int64(1), np.array(1), np.array(["x"]), object()]


def check(graph: Graph, document: dict[str, Any]) -> bool:
    """A document with a digest is the graph that was stored; one without says what the graph says, row by row."""
    if document["digest"] is not None:
        assert graph == GRAPHS[document["digest"]]
        return True
    for name, value in as_lists(graph).items():
        told = np.asarray(document[name]).tolist() if name != "digest" else value
        rows = name.endswith("edges") or name.endswith("weights")
        assert (sorted(told) if rows else told) == (sorted(value) if rows else value), name
    return True


def told(error: GraphError) -> bool:
    return refusal(error.why, error.resolution, str(error.context["expected"]), str(error.context["actual"]))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """JSON of a graph with up to three of its parts damaged; now and then as a person writes it, without digest."""
    document = as_lists(draw(st.sampled_from(list(GRAPHS.values()))))
    if draw(st.integers(0, 3)) == 0:
        document["digest"] = None
    return json.dumps(damaged(draw(st.data()), document))


@amounts
def test_json_is_read_as_it_was_written_or_refused(amount: int) -> None:
    def rule(text: str) -> bool:
        try:
            graph = Graph.from_json(text)
        except GraphError as error:
            return told(error)
        return check(graph, json.loads(text))

    drive(amount, documents() | mutated([graph.to_json() for graph in GRAPHS.values()]), rule)


@st.composite
def dictionaries(draw: st.DrawFn) -> dict[str, Any]:
    """Dictionaries of arrays with up to three fields changed in shape, type, order, number or kind."""
    fields = draw(st.sampled_from(list(GRAPHS.values()))).serialize()
    if draw(st.integers(0, 3)) == 0:
        fields["digest"] = None
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(fields)))
        fields[name] = draw(changed(fields[name]))
        if draw(st.integers(0, 9)) == 0:
            fields[draw(st.sampled_from(["weights", "", "Kind"]))] = fields.pop(name)
    return fields


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    how = draw(st.integers(0, 9))
    if not isinstance(value, np.ndarray) or value.ndim == 0 or how == 0:
        return draw(st.sampled_from([*NUMBERS, *STRANGE, deepcopy(value)]))
    if value.dtype.kind not in "iuf":
        return value
    if how == 1:
        with np.errstate(invalid="ignore", over="ignore"):
            return value.astype(draw(st.sampled_from(["f4", "f8", "i4", "i8", "u8", "c16", "U8", "O", "?", ">f8"])))
    if how == 2:
        return draw(
            st.sampled_from([value.T, value.reshape(-1), value[..., None], value[:, :0] if value.ndim > 1 else value])
        )
    if how == 3:
        return value[draw(st.permutations(range(len(value))))] if len(value) else value
    if how == 4:
        return np.concatenate([value, value[:1]])
    if how == 5:
        return value[: draw(st.integers(0, len(value)))]
    if how == 6:
        return value.tolist()
    if value.size == 0:
        return value
    number = draw(st.sampled_from(NUMBERS) | st.integers(0, 4) | st.floats())
    cells = value.astype(object if how == 7 else np.float64)
    cells.reshape(-1)[draw(st.integers(0, value.size - 1))] = number if how == 7 or abs(number) < 1e308 else np.nan
    return cells.tolist() if how == 7 else cells


@amounts
def test_a_dictionary_is_read_as_it_was_written_or_refused(amount: int) -> None:
    def rule(fields: dict[str, Any]) -> bool:
        try:
            graph = Graph.from_serialized(fields)
        except GraphError as error:
            return told(error)
        return check(graph, fields)

    drive(amount, dictionaries(), rule)


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, Graph]:
    """Bytes of a graph with up to three parts cut out, doubled or replaced."""
    graph = draw(st.sampled_from(list(GRAPHS.values())))
    content = graph.to_bytes()
    for _ in range(draw(st.integers(0, 3))):
        place, length = draw(st.integers(0, len(content))), draw(st.integers(0, 8))
        new = draw(st.binary(max_size=8) | st.just(content[place : place + length] * 2))
        content = content[:place] + new + content[place + length :]
    return content, graph


@amounts
def test_bytes_are_read_as_they_were_written_or_refused(amount: int) -> None:
    def rule(example: tuple[bytes, Graph]) -> bool:
        content, written = example
        try:
            graph = Graph.from_bytes(content)
        except GraphError as error:
            return told(error)
        assert graph == written
        return True

    drive(amount, contents(), rule)
