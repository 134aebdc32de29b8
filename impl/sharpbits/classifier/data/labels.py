"""Two labels of any kind, always coded the same way: the later of the two in order is the positive class, 1.

Order is numeric where both labels are numbers (``-1 < 1``, ``"9" < "10"``), ``False < True``, and alphabetical
otherwise. It depends on no row's position, so any sample of a table is coded as the whole table is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.errors import InvalidDataError

#: Texts that mean "no value", in any case.
MISSING = frozenset({"", "?", "na", "n/a", "<na>", "nan", "nat", "null", "none"})


@dataclass(frozen=True)
class LabelNames:
    """The two classes as text: ``negative`` is coded 0, ``positive`` is coded 1."""

    negative: str
    positive: str

    @classmethod
    def of(cls, values: Iterable[Any], *, positive: str | None = None) -> LabelNames:
        """Find the two classes of a column.

        Parameters
        ----------
        values
            Strings, booleans or numbers; surrounding blanks do not count, and ``1``, ``1.0`` and ``"1"`` are one label.
        positive
            The positive class, where the order is not to decide.

        Raises
        ------
        InvalidDataError
            A label is missing, there are not exactly two, or ``positive`` is none of them.

        >>> LabelNames.of(["yes", "no", "no"])
        LabelNames(negative='no', positive='yes')
        >>> LabelNames.of([1, -1, 1.0])
        LabelNames(negative='-1', positive='1')
        """
        found = sorted({label_text(value, row) for row, value in enumerate(values)}, key=_order)
        if len(found) != 2:
            shown = ", ".join(map(repr, found[:5])) + (", …" if len(found) > 5 else "")
            raise InvalidDataError(
                "the target is not binary",
                why=f"it has {len(found)} {'class' if len(found) == 1 else 'classes'}: {shown}",
                resolution="give a target column with exactly two different labels",
            )
        if positive is None:
            return cls(*found)
        wanted = label_text(positive, 0)
        if wanted not in found:
            raise InvalidDataError(
                "the positive class cannot be used",
                why=f"the labels are {found[0]!r} and {found[1]!r}, not {wanted!r}",
                resolution="name one of them",
            )
        return cls(found[0] if wanted == found[1] else found[1], wanted)

    def encode(self, values: Iterable[Any]) -> npt.NDArray[np.int64]:
        """Return 0 or 1 for each label.

        Raises
        ------
        InvalidDataError
            A label is missing or is neither of the two.

        >>> LabelNames("no", "yes").encode(["yes", "no "]).tolist()
        [1, 0]
        """
        codes = {self.negative: 0, self.positive: 1}
        coded = []
        for row, value in enumerate(values):
            text = label_text(value, row)
            if text not in codes:
                raise InvalidDataError(
                    "a label is unknown",
                    why=f"it is {text!r}, and the classes are {self.negative!r} and {self.positive!r}",
                    resolution="correct it, or train on a table that has it",
                    row=row,
                )
            coded.append(codes[text])
        return np.array(coded, dtype=np.int64)


def label_text(value: Any, row: int) -> str:
    """Return a label's canonical text: numbers without a trailing ``.0``, everything else stripped of blanks.

    Raises
    ------
    InvalidDataError
        The label is missing: None, NaN, or a text that says so.
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    text = str(value).strip()
    if text.casefold() in MISSING:
        raise InvalidDataError(
            "a label is missing",
            why=f"row {row} has {value!r} (None, NaN and {', '.join(sorted(MISSING - {''}))} count as missing)",
            resolution="drop the row or fill in its label",
            row=row,
        )
    number = as_number(text)
    if number is None or not math.isfinite(number):
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def as_number(text: str) -> float | None:
    """Return the number that a text spells, or None; an underscore (``1_000``) makes it a word."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _order(text: str) -> tuple[bool, float, str]:
    number = as_number(text)
    return (number is None, number if number is not None else 0.0, text)
