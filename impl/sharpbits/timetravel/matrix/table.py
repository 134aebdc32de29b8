"""The matrix in the terminal: a line for each finding, a column for each release."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from sharpbits.timetravel.matrix.document import Blank, Cell, Matrix
from sharpbits.timetravel.matrix.signs import NOT_AS_DOCUMENTED, sign_of, worst_first

#: The terminal's own colours, by the name of a sign's paint.
_STYLES = {
    "silently-wrong": "bold red",
    "nondeterministic": "red",
    "crash": "magenta",
    "hang": "magenta",
    "error": "yellow",
    "slow": "cyan",
    "ok": "green",
    Blank.BROKEN: "bold white on red",
}


def matrix_table(matrix: Matrix) -> Table:
    """Return the table; rows with the worst outcome first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(matrix.package, overflow="fold")
    for column in matrix.columns:
        table.add_column(f"{column.release}\n{column.day}", no_wrap=True)
    for row in worst_first(matrix.rows):
        table.add_row(row.id, *map(_text, row.cells))
    return table


def counts(matrix: Matrix) -> str:
    """Say in a line how many cells there are, and how many are not as documented."""
    changed = sum(cell.not_as_documented for cell in matrix.cells)
    untestable = sum(cell.outcome is Blank.UNTESTABLE for cell in matrix.cells)
    said = " · interrupted: the others were not run" if matrix.interrupted else ""
    return (
        f"{len(matrix.cells)} cells · {changed} not as documented (marked {NOT_AS_DOCUMENTED}) · "
        f"{untestable} could not be tested{said}"
    )


def _text(cell: Cell) -> Text:
    sign = sign_of(cell)
    mark = NOT_AS_DOCUMENTED if cell.not_as_documented else ""
    return Text(f"{sign.symbol} {sign.word}{mark}", style=_STYLES.get(sign.paint, "dim"))
