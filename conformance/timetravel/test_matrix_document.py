"""The matrix as a document: one validator reads it, and whatever it refuses is told, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sharpbits.catalogue import Finding, default_folder, discover
from sharpbits.errors import UsageError
from sharpbits.timetravel.matrix.document import Matrix, matrix_of, read_matrix
from sharpbits.timetravel.matrix.expect import propose
from sharpbits.timetravel.matrix.page import matrix_page
from sharpbits.timetravel.matrix.picture import matrix_picture
from sharpbits.timetravel.matrix.table import counts, matrix_table
from timetravel.damage import damaged
from timetravel.toy_matrix import cell, column, document, row, varied_document, varied_matrix

FIXTURE = Path(__file__).parents[2] / "fixtures" / "matrix" / "catalyst.json"


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return list(discover([default_folder()]).findings)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents") / "matrix.json"


def used(matrix: Matrix, findings: list[Finding], folder: Path) -> None:
    """Do all that is done with a matrix."""
    with (folder / "table.txt").open("w") as file:
        Console(file=file).print(matrix_table(matrix), counts(matrix))
    matrix_page(matrix)
    matrix_picture(matrix)
    for finding in findings:
        propose(finding, matrix)
    assert matrix_of(json.loads(matrix.as_json())) == matrix


@pytest.mark.parametrize("made", [json.loads(FIXTURE.read_text()), varied_document()], ids=["shipped", "varied"])
def test_what_is_read_is_written_again_as_it_was(made: dict[str, Any]) -> None:
    assert json.loads(matrix_of(made).as_json()) == {"interrupted": False, **made}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "its format is 2, this sharpbits reads 1"),
        ({"columns": []}, "toy/lax_map has 6 cells for 0 releases"),
        ({"rows": [row("toy/a", ["fine"] * 6)]}, "rows[0].cells[0].outcome is 'fine', not one of ok, wrong-value,"),
        ({"rows": [row("toy/a", ["ok"] * 6)] * 2}, "two rows are of 'toy/a'"),
        ({"rows": "none"}, "rows is 'none', not a list"),
        ({"rows": ["none"]}, "rows[0] is 'none', not an object"),
        ({"rows": [{"id": "toy/a"}]}, "there is no rows[0]."),
        ({"rows": [row("toy/a", [cell("ok", seconds=True)] * 6)]}, "rows[0].cells[0].seconds is True, not a number"),
        ({"rows": [row("toy/a", [cell("ok", verdict="")] * 6)]}, "rows[0].cells[0] has the outcome ok and no verdict"),
        ({"rows": [row("toy/a", [cell("broken", verdict="bites")] * 6)]}, "has the outcome broken and the verdict"),
        ({"columns": [column("latest")]}, "columns[0].release is 'latest', not a version"),
        ({"columns": [column("1", at="2025-05-20")]}, "columns[0].at is '2025-05-20', not a moment with its time zone"),
        ({"generated": "yesterday"}, "generated is 'yesterday', not a moment with its time zone"),
        ({"package": "two words"}, "package is 'two words', not the name of a package"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:40],
)
def test_a_document_of_another_form_is_refused_with_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        matrix_of(varied_document() | change)
    assert said in refused.value.why


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"format": NaN}', "[" * 100_000, '{"format": 1e999}'])
def test_a_file_that_is_no_document_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UsageError, match="a matrix cannot be read"):
        read_matrix(path)


def test_broken_counts_as_not_as_documented_everywhere(path: Path) -> None:
    made = matrix_of(document([row("toy/a", ["ok", cell("broken", verdict="broken")])], [column("1"), column("2")]))
    assert [one.not_as_documented for one in made.cells] == [False, True]
    assert "1 not as documented (marked *)" in counts(made)
    assert "⊘ broken*" in next(str(one) for one in matrix_table(made).columns[2].cells)
    assert ", not as documented" in matrix_page(made)


def test_the_terminal_marks_what_the_page_marks_and_with_the_same_words(path: Path) -> None:
    made = varied_matrix()
    shown = [str(one) for columns in matrix_table(made).columns[1:] for one in columns.cells]
    assert sum(one.endswith("*") for one in shown) == sum(one.not_as_documented for one in made.cells) == 2
    assert matrix_page(made).count('<span class="mark"') == 2
    assert all("*" not in one.rstrip("*") for one in shown)


# Any damage


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_document_is_refused_in_words_or_can_be_used(
    data: st.DataObject, findings: list[Finding], path: Path
) -> None:
    real = next(one for one in findings if one.table.expect)
    package = real.table.expect[0].when[0].name
    whole = varied_document() | {"package": package}
    whole["rows"][0] |= {"id": real.id, "digest": real.digest}
    path.write_text(json.dumps(damaged(data, whole)))
    try:
        matrix = read_matrix(path)
    except UsageError:
        return
    used(matrix, [*findings[:5], real], path.parent)


@settings(max_examples=300)
@given(data=st.data())
def test_a_file_that_was_cut_or_overwritten_is_refused_in_words_or_can_be_used(
    data: st.DataObject, findings: list[Finding], path: Path
) -> None:
    text = varied_matrix().as_json().encode()
    start = data.draw(st.integers(0, len(text)))
    path.write_bytes(text[:start] + data.draw(st.binary(max_size=4)) + text[data.draw(st.integers(start, len(text))) :])
    try:
        matrix = read_matrix(path)
    except UsageError:
        return
    used(matrix, findings[:5], path.parent)
