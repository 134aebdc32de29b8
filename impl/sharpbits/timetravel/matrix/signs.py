"""How a cell of the matrix is drawn: a symbol, a word and a colour for each outcome, on the page and in the picture.

The colours follow Okabe and Ito's palette for the colour-blind, darkened or lightened until a text on them has a
contrast of at least 4.5; they differ in lightness too, and no cell says anything by its colour alone. The symbols are
plain text in every common font: none is an emoji.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sharpbits.catalogue import Outcome, Severity
from sharpbits.timetravel.matrix.document import Blank, Cell, Row, Shown


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
PAINTS: dict[str, Paint] = {
    "silently-wrong": _same("#b03a00", "#ffffff"),
    "nondeterministic": _same("#cc79a7", "#14161a"),
    "crash": Paint("#1b1d21", "#ffffff", "#f2f3f5", "#14161a"),
    "hang": _same("#005f9e", "#ffffff"),
    "error": _same("#e69f00", "#1b1d21"),
    "slow": _same("#f0e442", "#1b1d21"),
    "ok": Paint("#c4e3f8", "#083e63", "#0d2e45", "#b1dcff"),
    "not-applicable": Paint("#ffffff", "#54585f", "#1b1e23", "#b3b8c0"),
    Blank.UNTESTABLE: Paint("#d6d6d6", "#33373d", "#3b4048", "#e9eaec"),
    Blank.BROKEN: _same("#6b7078", "#ffffff"),
}


@dataclass(frozen=True)
class Sign:
    """What stands for one outcome."""

    outcome: Shown
    symbol: str
    #: Short enough for a column.
    word: str
    means: str

    @property
    def paint(self) -> str:
        """The name of its colours."""
        if isinstance(self.outcome, Blank):
            return str(self.outcome)
        severity = self.outcome.severity
        return str(self.outcome) if severity is Severity.NONE else severity.label.replace(" ", "-")


#: Worst first.
SIGNS: dict[Shown, Sign] = {
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
        Sign(Blank.BROKEN, "⊘", "broken", "the finding's own file malfunctions, so nothing is said of the stack"),
        Sign(Blank.UNTESTABLE, "?", "untested", "the stack could not be built, or was not run"),
    )
}

#: Marks a cell that is not as documented; nothing else is marked so.
NOT_AS_DOCUMENTED = "*"


def sign_of(cell: Cell) -> Sign:
    """Return what stands for a cell."""
    return SIGNS[cell.outcome]


def occurring(rows: Iterable[Row]) -> list[Sign]:
    """Return the signs that some rows need, worst first."""
    present = {cell.outcome for row in rows for cell in row.cells}
    return [sign for sign in SIGNS.values() if sign.outcome in present]


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Sort by component, within it by the worst that is seen on any release, then by id."""
    order = list(SIGNS)

    def key(row: Row) -> tuple[str, int, str]:
        return row.component, min((order.index(cell.outcome) for cell in row.cells), default=len(order)), row.id

    return sorted(rows, key=key)
