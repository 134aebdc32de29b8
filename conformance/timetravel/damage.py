"""Damage a JSON document: any part of it, anyhow."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from sharpbits.catalogue import Verdict
from sharpbits.timetravel.matrix.document import Blank

WORDS = [*Verdict, *Blank]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([*WORDS, "ok", "crash", "2025-05-20T00:00:00Z", "0001-01-01T00:00:00+14:00", "1+cpu"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [here, *(place for key in keys for place in places(value[key], (*here, key)))]


def damaged(data: st.DataObject, made: Any) -> Any:
    """Replace, remove, double or rename up to three parts of a document, wherever they stand."""
    made = {"": deepcopy(made)}
    for _ in range(data.draw(st.integers(1, 3), label="damages")):
        *way, last = data.draw(st.sampled_from(places(made)[1:]), label="place")
        parent = made
        for key in way:
            parent = parent[key]
        how = data.draw(st.sampled_from(["replace", "remove", "double", "rename"]), label="how")
        if how == "replace" or not way:
            parent[last] = data.draw(json_values)
        elif how == "remove":
            del parent[last]
        elif isinstance(parent, list):
            parent.append(deepcopy(parent[last]))
        elif how == "rename":
            parent[data.draw(st.text(max_size=5))] = parent.pop(last)
        if not places(made)[1:]:
            break
    return made[""]
