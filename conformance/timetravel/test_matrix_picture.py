"""The picture of a matrix: what is drawn, and that any document gives well-formed SVG, the same each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.timetravel.matrix.document import Matrix, read_matrix
from sharpbits.timetravel.matrix.picture import matrix_picture
from sharpbits.timetravel.matrix.signs import PAINTS, SIGNS
from timetravel.toy_matrix import RELEASES, column, document, foreign, row, varied_matrix

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures") / "matrix.svg"


def drawn(made: Matrix, path: Path) -> Xml.Element:
    path.write_text(matrix_picture(made), encoding="utf-8")
    return Xml.fromstring(path.read_text(encoding="utf-8"))


def texts(picture: Xml.Element) -> list[str]:
    return ["".join(one.itertext()) for one in picture.iter(f"{SVG}text")]


def cells(picture: Xml.Element) -> list[str]:
    """What stands in the rows, outside the legend."""
    return [one.get("href", "")[1:] for group in picture.findall(f"{SVG}g") for one in group.findall(f"{SVG}use")]


def test_each_cell_of_a_row_that_changes_is_drawn_with_its_outcome(path: Path) -> None:
    made = varied_matrix()
    changing = [one for one in made.rows if one.changes]
    picture = drawn(made, path)
    assert Counter(cells(picture)) == Counter(each.outcome for one in changing for each in one.cells)
    told = texts(picture)
    for one in changing:
        assert one.title[:30] in "\n".join(told)
    assert "what always_wrong shows" not in told
    assert all(release in told for release in RELEASES)
    assert "2025-05-20" in told


def test_the_rows_that_do_not_change_are_counted_by_what_they_show(path: Path) -> None:
    told = texts(drawn(varied_matrix(), path))
    assert "4 other findings show the same on every release: 1 silently wrong, 2 ok, 1 untestable" in told


def test_every_sign_is_defined_once_and_explained(path: Path) -> None:
    picture = drawn(varied_matrix(), path)
    defined = {one.get("id"): "".join(one.itertext()) for one in picture.iterfind(f"{SVG}defs/{SVG}g")}
    used = Counter(cells(picture))
    assert set(used) < set(defined)
    signs = {str(outcome): sign for outcome, sign in SIGNS.items()}
    for outcome in used:
        assert signs[outcome].symbol in defined[outcome]
        assert signs[outcome].means in texts(picture)
    styles = "".join(picture.find(f"{SVG}style").itertext())  # type: ignore[union-attr]
    for name, paint in PAINTS.items():
        assert f".{name} {{ fill: {paint.ground};" in styles


def test_it_has_a_ground_of_its_own_and_asks_for_nothing(path: Path) -> None:
    picture = drawn(varied_matrix(), path)
    ground = picture.find(f"{SVG}rect")
    assert ground is not None
    assert ground.get("fill") == "#fff"
    assert float(ground.get("width", 0)) == float(picture.get("width", 0)) - 1
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    for part in ("http", "url(", "@import", "<script", "<image", "<foreignObject"):
        assert part not in text


def test_nothing_is_drawn_beyond_its_edge(path: Path) -> None:
    picture = drawn(varied_matrix(), path)
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    for one in picture.iter(f"{SVG}use"):
        assert float(one.get("x", 0)) + 88 <= width
    tops = [float(group.get("transform", "")[len("translate(0,") : -1]) for group in picture.findall(f"{SVG}g")]
    assert tops == sorted(set(tops))
    assert tops[-1] < min(float(one.get("y", 0)) for one in picture.findall(f"{SVG}use")) < height


def test_where_nothing_changes_it_says_so(path: Path) -> None:
    told = texts(drawn(foreign(document([row("toy/a", ["ok", "ok"])], [column("1"), column("2")])), path))
    assert "No finding changed." in told
    assert "1 other finding shows the same on every release: 1 ok" in told
    assert "No finding changed." in texts(drawn(foreign(document([], [])), path))


def test_the_same_document_gives_the_same_picture() -> None:
    first = matrix_picture(varied_matrix())
    assert matrix_picture(varied_matrix()) == first
    later = replace(varied_matrix(), generated=datetime(2030, 1, 1, tzinfo=UTC))
    assert matrix_picture(later) == first, "when it was made is not shown"


def test_a_large_matrix_stays_below_150_kb() -> None:
    rows = [row(f"toy/finding_{number}", ["ok", *["wrong-gradient"] * 11], title="t" * 200) for number in range(120)]
    picture = matrix_picture(foreign(document(rows, [column(str(number)) for number in range(12)])))
    assert len(picture.encode()) < 150_000


@given(title=st.text(), name=st.text(), release=st.text())
def test_any_text_gives_well_formed_xml(path: Path, title: str, name: str, release: str) -> None:
    changing = row("toy/a", ["ok", "crash"], title=title, component=name)
    picture = drawn(foreign(document([changing], [column(release), column("2")], package=name)), path)
    assert cells(picture) == ["ok", "crash"]


def test_the_picture_of_the_readme_is_drawn_from_its_data() -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "matrix"
    assert matrix_picture(read_matrix(folder / "catalyst.json")) == (folder / "catalyst.svg").read_text("utf-8")
