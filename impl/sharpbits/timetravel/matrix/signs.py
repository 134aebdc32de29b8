"""How a cell of the matrix is drawn: a symbol, a word and a colour for each outcome, on the page and in the picture.

The colours follow Okabe and Ito's palette for the colour-blind, darkened or lightened until a text on them has a
contrast of at least 4.5; they differ in lightness too, and no cell says anything by its colour alone. The symbols are
plain text in every common font: none is an emoji.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sharpbits.catalogue import Outcome, Severity

#: Nothing is known of the stack where a cell has one of these instead of an outcome.
BROKEN = "broken"
UNTESTABLE = "untestable"


@dataclass(frozen=True)
class Paint:
    """A ground and the text on it, in a light and in a dark surrounding."""

    ground: str
    ink: str
    dark_ground: str
    dark_ink: str


def _same(ground: str, ink: str) -> Paint:
    return Paint(ground, ink, ground, ink)


#: By severity, and by name where there is none.
PAINTS = {
    "silently-wrong": _same("#b03a00", "#ffffff"),
    "nondeterministic": _same("#cc79a7", "#14161a"),
    "crash": Paint("#1b1d21", "#ffffff", "#f2f3f5", "#14161a"),
    "hang": _same("#005f9e", "#ffffff"),
    "error": _same("#e69f00", "#1b1d21"),
    "slow": _same("#f0e442", "#1b1d21"),
    "ok": Paint("#c4e3f8", "#083e63", "#0d2e45", "#b1dcff"),
    "not-applicable": Paint("#ffffff", "#54585f", "#1b1e23", "#b3b8c0"),
    UNTESTABLE: Paint("#d6d6d6", "#33373d", "#3b4048", "#e9eaec"),
    BROKEN: _same("#6b7078", "#ffffff"),
}


@dataclass(frozen=True)
class Sign:
    """What stands for one outcome."""

    outcome: str
    symbol: str
    #: Short enough for a column.
    word: str
    means: str

    @property
    def paint(self) -> str:
        """The name of its colours."""
        if self.outcome not in set(Outcome):
            return self.outcome
        severity = Outcome(self.outcome).severity
        return self.outcome if severity is Severity.NONE else severity.label.replace(" ", "-")


#: Worst first.
SIGNS = {
    sign.outcome: sign
    for sign in (
        Sign(Outcome.WRONG_GRADIENT, "✗", "gradient", "a wrong gradient, without a word"),
        Sign(Outcome.WRONG_VALUE, "✗", "value", "a wrong value, without a word"),
        Sign(Outcome.WRONG_DTYPE, "✗", "dtype", "a wrong dtype, without a word"),
        Sign(Outcome.SILENT_FALLBACK, "✗", "fallback", "something else than was asked for, without a word"),
        Sign(Outcome.NONDETERMINISTIC, "≠", "varies", "not the same on every run"),
        Sign(Outcome.CRASH, "↯", "crash", "the process dies"),
        Sign(Outcome.HANG, "∞", "hang", "it does not come back"),
        Sign(Outcome.COMPILE_ERROR, "!", "compile", "the compiler refuses"),
        Sign(Outcome.ERROR, "!", "error", "an exception"),
        Sign(Outcome.SLOW, "…", "slow", "right, but far slower than it need be"),
        Sign(Outcome.OK, "✓", "ok", "it works"),
        Sign(Outcome.NOT_APPLICABLE, "–", "absent", "something it needs is absent"),  # noqa: RUF001 -- a dash
        Sign(BROKEN, "⊘", "broken", "the finding's own file malfunctions, so nothing is said of the stack"),
        Sign(UNTESTABLE, "?", "untested", "the stack could not be built, or was not run"),
    )
}

#: Marks a cell whose outcome is not the documented one.
UNDOCUMENTED = "*"


def sign_of(cell: dict[str, Any]) -> Sign:
    """Return what stands for a cell of the document.

    Raises
    ------
    ValueError
        Its outcome is none that a finding can have.
    """
    try:
        return SIGNS[cell["outcome"]]
    except KeyError:
        raise ValueError(f"{cell['outcome']!r} is no outcome of a matrix; it has {', '.join(SIGNS)}") from None


def occurring(document: dict[str, Any]) -> list[Sign]:
    """Return the signs that a document needs, worst first."""
    present = {sign_of(cell).outcome for row in document["rows"] for cell in row["cells"]}
    return [sign for sign in SIGNS.values() if sign.outcome in present]


def worst_first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort by component, within it by the worst that is seen on any release, then by id."""
    order = list(SIGNS)

    def key(row: dict[str, Any]) -> tuple[str, int, str]:
        ranks = [order.index(sign_of(cell).outcome) for cell in row["cells"]]
        return row["component"], min(ranks, default=len(order)), row["id"]

    return sorted(rows, key=key)


def undocumented(cell: dict[str, Any]) -> bool:
    """Tell whether a cell shows something else than is documented for its versions."""
    return bool(cell["verdict"] == "changed")


def changes(row: dict[str, Any]) -> bool:
    """Tell whether a row's outcome differs between releases; those on which nothing could be seen do not count.

    >>> changes({"cells": [{"outcome": "crash"}, {"outcome": "untestable"}, {"outcome": "crash"}]})
    False
    """
    return len({cell["outcome"] for cell in row["cells"]} - {BROKEN, UNTESTABLE}) > 1


def checked(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document, whose form is known.

    Raises
    ------
    ValueError
        It has another format, or a row has not one cell for each column.
    """
    if document.get("format") != 1:
        raise ValueError(f"a matrix of format {document.get('format')!r} cannot be drawn, only one of format 1")
    for row in document["rows"]:
        if len(row["cells"]) != len(document["columns"]):
            raise ValueError(f"{row['id']} has {len(row['cells'])} cells for {len(document['columns'])} releases")
    return document
