"""The matrix in the terminal: a line for each finding, a column for each release."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from sharpbits.catalogue import Outcome
from sharpbits.timetravel.matrix.signs import worst_first

#: A word short enough for a column, and its style.
_SHORT = {
    Outcome.OK: ("ok", "green"),
    Outcome.WRONG_VALUE: ("WRONG", "bold red"),
    Outcome.WRONG_GRADIENT: ("WRONG", "bold red"),
    Outcome.WRONG_DTYPE: ("WRONG", "bold red"),
    Outcome.SILENT_FALLBACK: ("SILENT", "bold red"),
    Outcome.NONDETERMINISTIC: ("varies", "red"),
    Outcome.CRASH: ("crash", "magenta"),
    Outcome.HANG: ("hang", "magenta"),
    Outcome.COMPILE_ERROR: ("error", "yellow"),
    Outcome.ERROR: ("error", "yellow"),
    Outcome.SLOW: ("slow", "cyan"),
    Outcome.NOT_APPLICABLE: ("-", "dim"),
}
_OTHERS = {"broken": ("broken", "bold white on red"), "untestable": ("?", "dim")}


def matrix_table(document: dict[str, Any]) -> Table:
    """Return the table; rows with the worst outcome first. ``!`` marks what is not as documented."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(document["package"], overflow="fold")
    for column in document["columns"]:
        table.add_column(f"{column['release']}\n{(column['uploaded'] or column['at'])[:10]}", no_wrap=True)
    for row in worst_first(document["rows"]):
        table.add_row(row["id"], *map(_text, row["cells"]))
    return table


def counts(document: dict[str, Any]) -> str:
    """Say in a line how many cells there are, and how many are not as documented."""
    cells = [cell for row in document["rows"] for cell in row["cells"]]
    changed = sum(cell["verdict"] in ("changed", "broken") for cell in cells)
    untestable = sum(cell["outcome"] == "untestable" for cell in cells)
    said = " · interrupted: the others were not run" if document.get("interrupted") else ""
    return f"{len(cells)} cells · {changed} not as documented (marked !) · {untestable} could not be tested{said}"


def _text(cell: dict[str, Any]) -> Text:
    outcome = cell["outcome"]
    word, style = _OTHERS.get(outcome) or _SHORT[Outcome(outcome)]
    return Text(word + ("!" if cell["verdict"] in ("changed", "broken") else ""), style=style)
