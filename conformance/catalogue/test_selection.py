"""The ``-k`` expression and the lookup of a finding by name."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import write_finding
from sharpbits.catalogue import discover, select
from sharpbits.catalogue.selection import matches
from sharpbits.errors import UsageError

WORDS = ["grad", "lax_map", "value", "c++", "jax/x64"]
EXPRESSIONS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, st.sets(st.sampled_from(WORDS)))
def test_an_expression_means_what_python_makes_of_it(expression: str, present: set[str]) -> None:
    # Oracle: Python evaluates the same expression with each word replaced by whether it occurs.
    python = expression
    for word in WORDS:
        python = python.replace(word, str(word in present))
    assert matches(expression, " ".join(sorted(present)).upper()) == eval(python)


@given(st.text() | st.lists(st.sampled_from([*WORDS, "and", "or", "not", "(", ")", "\0", "\n"])).map(" ".join))
def test_any_text_is_an_expression_or_refused(expression: str) -> None:
    with contextlib.suppress(UsageError):
        matches(expression, "grad")


@pytest.mark.parametrize(
    "expression",
    ["", "and", "grad and", "(grad", "grad value", "not", "(" * 9000, "not " * 9000 + "a", "not " * 900 + "(" * 99],
    ids=lambda text: text[:20],
)
def test_a_malformed_expression_is_an_error_that_says_how_to_write_one(expression: str) -> None:
    with pytest.raises(UsageError) as error:
        matches(expression, "grad")
    assert "lax_map" in error.value.resolution or "join words" in error.value.resolution
    assert len(error.value.why) < 300


def test_a_finding_is_found_by_id_by_slug_and_by_a_unique_part(tmp_path: Path) -> None:
    write_finding(tmp_path, "grad_over_map")
    write_finding(tmp_path, "grad_over_map_small")
    catalogue = discover([tmp_path])
    for name in ("toy/grad_over_map", "grad_over_map"):
        assert catalogue.find(name).id == "toy/grad_over_map", "an exact name wins over longer ones that contain it"
    assert catalogue.find("small").id == "toy/grad_over_map_small"


def test_an_unknown_or_ambiguous_name_is_an_error_with_the_names_there_are(tmp_path: Path) -> None:
    write_finding(tmp_path, "grad_over_map")
    write_finding(tmp_path, "grad_over_scan")
    catalogue = discover([tmp_path])
    with pytest.raises(UsageError, match="no single finding") as ambiguous:
        catalogue.find("grad")
    assert "toy/grad_over_map, toy/grad_over_scan" in ambiguous.value.why
    with pytest.raises(UsageError, match="no single finding") as unknown:
        catalogue.find("grad_over_mop")
    assert "grad_over_map" in unknown.value.why


def test_selecting_keeps_a_broken_file_of_that_name_in_view(tmp_path: Path) -> None:
    write_finding(tmp_path, "good_map")
    write_finding(tmp_path, "bad_map", "def f(:\n")
    write_finding(tmp_path, "other", "def f(:\n")
    selected = select(discover([tmp_path]), expression="map", component=None)
    assert [finding.path.stem for finding in selected.findings] == ["good_map"]
    assert [error.path.stem for error in selected.broken] == ["bad_map"]


@pytest.mark.parametrize("choice", [{"expression": "nothing_like_it"}, {"component": "absent"}])
def test_selecting_nothing_is_an_error(tmp_path: Path, choice: dict[str, str]) -> None:
    write_finding(tmp_path, "good")
    with pytest.raises(UsageError, match="nothing to check"):
        select(discover([tmp_path]), **{"expression": None, "component": None, **choice})
