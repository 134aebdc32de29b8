"""The matrix as a picture for a README: the findings that changed between releases, and a count of the others.

SVG by hand, so that it stays small and its text is text. It has a ground of its own, for it is shown on light and dark.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sharpbits.report.html import templates
from sharpbits.report.plain_text import printable
from sharpbits.timetravel.matrix.document import Matrix, Row
from sharpbits.timetravel.matrix.signs import NOT_AS_DOCUMENTED, PAINTS, Sign, occurring, sign_of, worst_first

#: Everything in pixels.
_MARGIN = 16
_NAMES = 430
_COLUMN = 92
_LINE = 16
_ROW = 26
_LEGEND_ENTRY = 460
#: Characters of a title that fit in a line, also in a wide font.
_TITLE = 62


@dataclass(frozen=True)
class _Row:
    """One line of the picture: a component's name, or a finding."""

    top: int
    height: int
    lines: list[str]
    #: Where each cell stands, what it shows, and whether that is marked; None: a component.
    cells: list[tuple[int, Sign, bool]] | None


def matrix_picture(matrix: Matrix) -> str:
    """Draw a matrix as SVG; the same matrix gives the same text.

    Rows that behave the same on all releases are only counted, by what they show. Cost: about 60 bytes for a cell.
    """
    columns = matrix.columns
    drawn = [row for row in matrix.rows if row.changes]
    top = _MARGIN + _LINE + 2 * _ROW
    rows = _rows(drawn, top)
    bottom = (rows[-1].top + rows[-1].height if rows else top) + _LINE
    signs = occurring(drawn)
    width = max(_NAMES + len(columns) * _COLUMN, 2 * _LEGEND_ENTRY) + 2 * _MARGIN
    across = (width - 2 * _MARGIN) // _LEGEND_ENTRY
    entries = [(str(sign.outcome), sign.means) for sign in signs]
    if any(cell.not_as_documented for row in drawn for cell in row.cells):
        entries.append(("undocumented", "not the documented outcome for these versions"))
    legend = [
        (_MARGIN + index % across * _LEGEND_ENTRY, bottom + _LINE + index // across * _ROW, *entry)
        for index, entry in enumerate(entries)
    ]
    height = (legend[-1][1] + _ROW if legend else bottom) + 2 * _LINE + _MARGIN
    picture = templates("sharpbits.timetravel.matrix").get_template("matrix.svg")
    return picture.render(
        matrix=matrix,
        columns=[(_at(number), column.release, column.day) for number, column in enumerate(columns)],
        rows=rows,
        signs=signs,
        legend=legend,
        others=_others(matrix.rows),
        paints=PAINTS,
        mark=NOT_AS_DOCUMENTED,
        width=width,
        height=height,
        top=top,
        margin=_MARGIN,
        line=_LINE,
        cell=(_COLUMN - 4, _ROW - 4),
    )


def _at(column: int) -> int:
    """Return the left edge of a column."""
    return _MARGIN + _NAMES + column * _COLUMN


def _rows(drawn: Sequence[Row], top: int) -> list[_Row]:
    """Place components and their findings, worst first, one below the other."""
    rows: list[_Row] = []
    component = None
    for row in worst_first(drawn):
        if row.component != component:
            component = row.component
            rows.append(_Row(top, _ROW, [component], None))
            top += _ROW
        lines = textwrap.wrap(printable(row.title), _TITLE, max_lines=2, placeholder=" …") or [row.id]
        cells = [(_at(number), sign_of(cell), cell.not_as_documented) for number, cell in enumerate(row.cells)]
        height = _ROW + (len(lines) - 1) * (_LINE - 2)
        rows.append(_Row(top, height, lines, cells))
        top += height
    return rows


def _others(rows: Sequence[Row]) -> str:
    """Count the rows that are not drawn by what they show everywhere."""
    same = [row for row in rows if not row.changes]
    if not same:
        return "Every finding is shown."
    # What could not be seen comes last among the signs, so the first is what the row shows wherever it was seen.
    kinds = Counter(sign.paint for row in same for sign in occurring([row])[:1])
    told = ", ".join(f"{kinds[name]} {name.replace('-', ' ')}" for name in PAINTS if kinds[name])
    return f"{len(same)} other finding{'s show' if len(same) > 1 else ' shows'} the same on every release: {told}"
