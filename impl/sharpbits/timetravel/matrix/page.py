"""The matrix as one HTML page: findings by releases, to read, to filter, to pass on.

Made from the document alone, so the same document gives the same page. As the page of a run it needs nothing but
itself: its content security policy forbids every request and every script and style but its own. Without JavaScript
each cell leads to its detail further down; with it the detail opens at once, and rows can be filtered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from sharpbits.catalogue.environment import STACK
from sharpbits.report.html import own_text, policy_hash, templates
from sharpbits.report.page import link_text, shortened
from sharpbits.report.plain_text import printable
from sharpbits.timetravel.lock import timestamp
from sharpbits.timetravel.matrix.document import Blank, Cell, Column, Matrix, Row
from sharpbits.timetravel.matrix.signs import NOT_AS_DOCUMENTED, PAINTS, Sign, occurring, sign_of, worst_first

#: Values up to this many characters are shown as they are in the detail, and in the hint that a cell shows.
_SHORT = 160
_HINT = 60

#: Where the templates lie.
PACKAGE = "sharpbits.timetravel.matrix"


@dataclass(frozen=True)
class _Column:
    """One release as the page shows it."""

    facts: Column
    release: str
    anchor: str
    day: str
    uploaded: str
    at: str
    #: The packages that the project is about.
    main: dict[str, str]


@dataclass(frozen=True)
class _Cell:
    """What one finding shows on one release."""

    facts: Cell
    column: _Column
    anchor: str
    sign: Sign
    #: Everything of interest in a few lines.
    hint: str
    #: Label and text, in reading order.
    pairs: list[tuple[str, str]]


@dataclass(frozen=True)
class _Row:
    """One finding as the page shows it."""

    facts: Row
    anchor: str
    #: Address, None for what is no web address, and the text to show.
    links: list[tuple[str | None, str]]
    cells: list[_Cell]


def matrix_page(matrix: Matrix) -> str:
    """Write the page of a matrix: by component, within it what was worst on any release first.

    Returns
    -------
    str
        HTML, the same for the same matrix.
    """
    columns = [_column(column) for column in matrix.columns]
    rows = [_row(row, columns) for row in worst_first(matrix.rows)]
    style = own_text("sharpbits.report", "page.css") + Markup(  # noqa: S704 -- our own
        templates(PACKAGE).get_template("matrix.css").render(paints=PAINTS)
    )
    script = own_text(PACKAGE, "matrix.js")
    return (
        templates(PACKAGE)
        .get_template("matrix.html")
        .render(
            matrix=matrix,
            columns=columns,
            rows=rows,
            groups=[(name, list(group)) for name, group in groupby(rows, key=lambda row: row.facts.component)],
            components=Counter(row.facts.component for row in rows),
            changing=sum(row.changes for row in matrix.rows),
            signs=occurring(matrix.rows),
            any_marked=any(cell.not_as_documented for cell in matrix.cells),
            mark=NOT_AS_DOCUMENTED,
            style=style,
            script=script,
            style_hash=policy_hash(style),
            script_hash=policy_hash(script),
        )
    )


def _column(facts: Column) -> _Column:
    main = {name: facts.versions[name] for name in STACK if name in facts.versions}
    uploaded = timestamp(facts.uploaded) if facts.uploaded else "unknown"
    anchor = "release/" + _address(facts.release)
    return _Column(facts, facts.release, anchor, facts.day, uploaded, timestamp(facts.at), main)


def _row(facts: Row, columns: Sequence[_Column]) -> _Row:
    anchor = _address(facts.id)
    return _Row(
        facts,
        anchor,
        links=[(link if _is_web_address(link) else None, link_text(link)) for link in facts.upstream],
        cells=[_cell(cell, column, anchor) for cell, column in zip(facts.cells, columns, strict=True)],
    )


def _cell(facts: Cell, column: _Column, row: str) -> _Cell:
    pairs = list(_pairs(facts, _SHORT).items())
    told = _pairs(facts, _HINT)
    outcome = told.pop("Outcome")
    hint = "\n".join([f"{column.release}: {outcome}", *(f"{label}: {text}" for label, text in told.items())])
    return _Cell(facts, column, f"{row}@{_address(column.release)}", sign_of(facts), hint, pairs)


def _pairs(facts: Cell, most: int) -> dict[str, str]:
    """Return what is known of a cell, each text cut to about so many characters."""
    pairs = {"Outcome": facts.seen or str(facts.outcome)}
    if facts.documented:
        said = " (not what was seen)" if facts.not_as_documented else ""
        pairs["Documented"] = " or ".join(facts.documented) + said
    if facts.error is not None:
        pairs["Error"] = str(facts.error)
        if facts.tolerance is not None:
            pairs["Error"] += f", tolerance {facts.tolerance}"
    for label, value in (("Observed", facts.observed), ("Expected", facts.expected)):
        if value is not None:
            pairs[label] = _value(value, most)
    for label, name in (("Exception", facts.exception), ("Signal", facts.signal)):
        if name:
            pairs[label] = name
    if facts.detail:
        pairs["Reason" if facts.outcome is Blank.UNTESTABLE else "Detail"] = facts.detail
    if facts.seconds is not None:
        pairs["Took"] = f"{facts.seconds} s"
    return pairs


def _value(value: Any, most: int) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= most:
        return text
    short = shortened(value) if len(text) > _SHORT else text
    return short if most >= _SHORT else short[: most - 1] + "…"


def _address(text: str) -> str:
    return quote(printable(text), safe="/")


def _is_web_address(link: str) -> bool:
    """Tell whether a browser may be sent there: a scheme such as ``javascript`` runs what it names."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
