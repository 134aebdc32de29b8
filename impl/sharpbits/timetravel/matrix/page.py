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
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from sharpbits.catalogue.environment import STACK
from sharpbits.report.html import own_text, policy_hash, templates
from sharpbits.report.page import link_text, shortened
from sharpbits.report.plain_text import printable
from sharpbits.timetravel.matrix.signs import (
    PAINTS,
    UNDOCUMENTED,
    UNTESTABLE,
    Sign,
    changes,
    checked,
    occurring,
    sign_of,
    undocumented,
    worst_first,
)

#: Values up to this many characters are shown as they are in the detail, and in the hint that a cell shows.
_SHORT = 160
_HINT = 60

#: Where the templates lie.
PACKAGE = "sharpbits.timetravel.matrix"


@dataclass(frozen=True)
class _Column:
    """One release as the page shows it."""

    facts: dict[str, Any]
    release: str
    anchor: str
    #: When it was uploaded, or else the moment whose stack this is.
    day: str
    #: The packages that the project is about.
    main: dict[str, str]


@dataclass(frozen=True)
class _Cell:
    """What one finding shows on one release."""

    facts: dict[str, Any]
    column: _Column
    anchor: str
    sign: Sign
    #: Everything of interest in a few lines.
    hint: str
    #: Label and text, in reading order.
    pairs: list[tuple[str, str]]
    undocumented: bool


@dataclass(frozen=True)
class _Row:
    """One finding as the page shows it."""

    facts: dict[str, Any]
    anchor: str
    #: Address, None for what is no web address, and the text to show.
    links: list[tuple[str | None, str]]
    cells: list[_Cell]
    changes: bool


def matrix_page(document: dict[str, Any]) -> str:
    """Write the page of a matrix: by component, within it what was worst on any release first.

    Parameters
    ----------
    document
        What ``sharpbits matrix`` wrote, of format 1.

    Returns
    -------
    str
        HTML, the same for the same document.

    Raises
    ------
    ValueError
        The document has another format, an outcome that findings do not have, a row with too few or too many cells, or
        a date that is none.
    """
    columns = [_column(facts) for facts in checked(document)["columns"]]
    rows = [_row(facts, columns) for facts in worst_first(document["rows"])]
    style = own_text("sharpbits.report", "page.css") + Markup(  # noqa: S704 -- our own
        templates(PACKAGE).get_template("matrix.css").render(paints=PAINTS)
    )
    script = own_text(PACKAGE, "matrix.js")
    return (
        templates(PACKAGE)
        .get_template("matrix.html")
        .render(
            document=document,
            columns=columns,
            rows=rows,
            groups=[(name, list(group)) for name, group in groupby(rows, key=lambda row: row.facts["component"])],
            components=Counter(row.facts["component"] for row in rows),
            changing=sum(row.changes for row in rows),
            signs=occurring(document),
            any_undocumented=any(cell.undocumented for row in rows for cell in row.cells),
            mark=UNDOCUMENTED,
            generated=datetime.fromisoformat(document["generated"]),
            style=style,
            script=script,
            style_hash=policy_hash(style),
            script_hash=policy_hash(script),
        )
    )


def _column(facts: dict[str, Any]) -> _Column:
    release = str(facts["release"])
    moment = datetime.fromisoformat(facts["uploaded"] or facts["at"])
    versions = facts["versions"]
    main = {name: versions[name] for name in STACK if name in versions}
    return _Column(facts, release, "release/" + _address(release), f"{moment:%Y-%m-%d}", main)


def _row(facts: dict[str, Any], columns: Sequence[_Column]) -> _Row:
    anchor = _address(facts["id"])
    return _Row(
        facts,
        anchor,
        links=[(link if _is_web_address(link) else None, link_text(link)) for link in facts["upstream"]],
        cells=[_cell(cell, column, anchor) for cell, column in zip(facts["cells"], columns, strict=True)],
        changes=changes(facts),
    )


def _cell(facts: dict[str, Any], column: _Column, row: str) -> _Cell:
    pairs = list(_pairs(facts, _SHORT).items())
    told = _pairs(facts, _HINT)
    outcome = told.pop("Outcome")
    hint = "\n".join([f"{column.release}: {outcome}", *(f"{label}: {text}" for label, text in told.items())])
    anchor = f"{row}@{_address(column.release)}"
    return _Cell(facts, column, anchor, sign_of(facts), hint, pairs, undocumented(facts))


def _pairs(facts: dict[str, Any], most: int) -> dict[str, str]:
    """Return what is known of a cell, each text cut to about so many characters."""
    pairs = {"Outcome": facts["seen"] or facts["outcome"]}
    if facts["documented"]:
        pairs["Documented"] = " or ".join(facts["documented"]) + (" (not what was seen)" if undocumented(facts) else "")
    if facts["error"] is not None:
        pairs["Error"] = str(facts["error"])
        if facts["tolerance"] is not None:
            pairs["Error"] += f", tolerance {facts['tolerance']}"
    for label in ("observed", "expected"):
        if facts[label] is not None:
            pairs[label.capitalize()] = _value(facts[label], most)
    for label in ("exception", "signal"):
        if facts[label]:
            pairs[label.capitalize()] = facts[label]
    if facts["detail"]:
        pairs["Reason" if facts["outcome"] == UNTESTABLE else "Detail"] = facts["detail"]
    if facts["seconds"] is not None:
        pairs["Took"] = f"{facts['seconds']} s"
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
