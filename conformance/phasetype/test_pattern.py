"""The document of a pattern: one for each pattern, and nothing else is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from phasetype.patterns import patterns
from sharpbits.phasetype import GraphError
from sharpbits.phasetype.errors import MissingVertexError
from sharpbits.phasetype.pattern import Pattern


def document(**changed: Any) -> bytes:
    """Return the document of the edge 0 -> 1, with fields changed; None takes one out."""
    fields = {"document": "sharpbits pattern", "version": 1, "size": 2, "offsets": [0, 1, 1], "targets": [1]} | changed
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@given(pattern=patterns())
def test_a_pattern_comes_back_from_its_document(pattern: Pattern) -> None:
    assert Pattern.from_document(pattern.document) == pattern
    assert Pattern.from_document(pattern.document).key == pattern.key


@settings(max_examples=100)
@given(one=patterns(max_size=4), other=patterns(max_size=4))
def test_patterns_that_differ_have_other_documents_and_names(one: Pattern, other: Pattern) -> None:
    assert (one == other) == (one.document == other.document) == (one.key == other.key)


def test_the_document_of_an_edge_is_one() -> None:
    assert Pattern.from_document(document()) == Pattern.of([(0, 1)], size=2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (document()[:-5], "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it has not the fields of one"),
        (document(version=None), "it has not the fields of one"),
        (document(more=1), "it has not the fields of one"),
        (document(document="other"), "another kind or version"),
        (document(version=2), "another kind or version"),
        (document(version=True), "another kind or version"),
        (document(size=3), r"expected=\(4,\), of size 3, actual=\(3,\)"),
        (document(size=2**40), "size is no count"),
        (document(size=True), "size is no count"),
        (document(size=-1), "size is no count"),
        (document(offsets=[0, 0.5, 1]), "offsets has an entry that is no index"),
        (document(targets=[float("nan")]), "targets has an entry that is no index"),
        (document(targets=[10**30]), "targets has an entry that is no index"),
        (document(offsets=7), "offsets is no array"),
        (document(offsets=[0, 2, 1]), "offsets do not fit the targets"),
        (document(offsets=[0, 0, 0]), "offsets do not fit the targets"),
        (document(targets=[0]), "its edges are no edges of a pattern"),
        (document(offsets=[0, 2, 2], targets=[1, 1]), "its edges are no edges of a pattern"),
    ],
)
def test_a_document_that_is_none_is_refused_in_words(given: bytes, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        Pattern.from_document(given)


@pytest.mark.parametrize("target", [2, 2**32 + 1])
def test_an_edge_to_a_vertex_that_is_missing_is_named(target: int) -> None:
    """Also where its number, cut to 32 bits, would be a vertex."""
    with pytest.raises(MissingVertexError, match=f"edge 0 -> {target}"):
        Pattern.from_document(document(targets=[target]))
