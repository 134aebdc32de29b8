"""The table's columns at every width: what gives way first, and what is never cut."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from sharpbits.report.columns import Row, laid_out

TITLE = "catalyst.grad of a loss that maps the circuit has the exact value and a wrong gradient"
INSTEAD = "sharpbits.classifier.mean_loss_and_gradient"


def row(**cells: str) -> Row:
    told = {
        "verdict": "bites", "component": "catalyst", "name": "grad_over_lax_map", "outcome": "wrong-gradient",
        "what": TITLE, "faces": "(+4 faces)", "since": "0.12.0", "instead": INSTEAD, **cells,
    }  # fmt: skip
    verdict, outcome = told.pop("verdict"), told.pop("outcome")
    return Row(verdict=Text(verdict), outcome=Text(outcome), **told)


ROWS = [
    row(),
    row(verdict="not applicable", name="python_floats_become_variables", what="torch is not installed", faces="",
        outcome="not run", instead=""),
    row(name="promotion_to_an_earlier_dtype_changes_values", faces="", instead="cast the argument inside, or else"),
]  # fmt: skip


def told(width: int) -> str:
    return "\n".join(line.plain for line in laid_out(ROWS, width))


def test_columns_give_way_in_the_stated_order() -> None:
    signs = {
        "component": "catalyst/grad", "since": "0.12.0", "use instead": INSTEAD, "outcome": "wrong-gradient",
        "verdict": "not applicable",
    }  # fmt: skip
    narrowest = {sign: min(width for width in range(40, 300) if text in told(width)) for sign, text in signs.items()}
    order = ["component", "since", "use instead", "outcome"]
    assert sorted(order, key=lambda sign: -narrowest[sign]) == order
    assert narrowest["verdict"] == narrowest["outcome"], "it shortens where nothing else is left to go"
    for sign, text in signs.items():
        assert all(text in told(width) for width in range(narrowest[sign], 300)), f"{sign}: what went stays away"


@pytest.mark.parametrize("width", range(80, 260, 7))
def test_from_80_columns_on_a_title_keeps_30_characters(width: int) -> None:
    for one in ROWS:
        assert one.what[: min(len(one.what), 29)] in told(width)


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_number_of_faces_is_not_cut(width: int) -> None:
    assert "(+4 faces)" in told(width)


@pytest.mark.parametrize("width", [*range(1, 260, 5)])
def test_what_to_use_instead_stands_there_whole_or_not_at_all(width: int) -> None:
    assert (INSTEAD in told(width)) == ("sharpbits." in told(width))


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=60)
names = st.from_regex(r"[a-z0-9_]{1,60}", fullmatch=True)
verdicts = st.sampled_from(["bites", "clear", "changed", "not applicable", "broken"])
rows = st.builds(
    row, verdict=verdicts, component=names, name=names, outcome=texts.filter(len), what=texts, since=texts,
    faces=st.sampled_from(["", "(+1 face)", "(+12 faces)"]), instead=texts,
)  # fmt: skip


@given(st.lists(rows, max_size=6), st.integers(0, 250))
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(drawn: list[Row], width: int) -> None:
    lines = [line.plain for line in laid_out(drawn, width)]
    shown = {word.rpartition("/")[2] for line in lines for word in line.split()}
    assert {one.name for one in drawn} <= shown
    for line in lines:
        alone = re.fullmatch(r"(bites|clear|changed|n/a|not applicable|broken) +\S+", line)
        assert cell_len(line) <= max(width, 40) or alone, line


# The width of the console


SHOWN = "from sharpbits.console import console; print(console().width)"


@pytest.mark.parametrize(
    ("columns", "width"),
    [(None, 200), ("90", 90), ("0", 200), ("-5", 200), ("wide", 200), ("", 200), ("\u00b2", 200)],
)  # fmt: skip
def test_a_pipe_is_200_wide_unless_columns_is_a_width(columns: str | None, width: int) -> None:
    variables = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    if columns is not None:
        variables["COLUMNS"] = columns
    ended = subprocess.run(
        [sys.executable, "-c", SHOWN], env=variables, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(ended.stdout) == width


@pytest.mark.parametrize("columns", ["0", "wide"])
def test_a_terminal_is_shown_something_whatever_columns_says(columns: str) -> None:
    master, slave = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", SHOWN], env={**os.environ, "COLUMNS": columns}, stdout=slave, check=True, timeout=60
    )
    os.close(slave)
    assert int(os.read(master, 100)) >= 40
    os.close(master)
