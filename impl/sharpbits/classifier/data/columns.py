"""Columns of a table as float64 numbers, by one stated rule.

Numbers stay, booleans become 0 and 1, texts are read as numbers. Missing values (None, NaN, and the texts of
:data:`~sharpbits.classifier.data.labels.MISSING`) become NaN. Any other text, and an infinite number, is an error that
names its column and row: no column is dropped, and no value made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.data.labels import MISSING, as_number
from sharpbits.classifier.errors import InvalidDataError

if TYPE_CHECKING:
    import pandas as pd


def numbers_of(column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a column as float64, missing values as NaN.

    Raises
    ------
    InvalidDataError
        An entry is neither a number nor missing, or it is infinite.
    """
    if column.dtype.kind in "biuf":
        numbers: npt.NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        numbers = np.array([_number(column, row, entry) for row, entry in enumerate(column)], dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        raise _unusable(column, int(infinite[0]), f"row {infinite[0]} is infinite")
    return numbers


def _number(column: pd.Series, row: int, entry: object) -> float:
    if isinstance(entry, (bool, np.bool_, int, float, np.number)):
        return float(entry)
    text = str(entry).strip()
    if text.casefold() in MISSING:
        return float("nan")
    if text.casefold() in ("true", "false"):
        return float(text.casefold() == "true")
    number = as_number(text)
    if number is None:
        raise _unusable(column, row, f"row {row} has {text!r}, which is not a number")
    return number


def _unusable(column: pd.Series, row: int, why: str) -> InvalidDataError:
    return InvalidDataError(
        "a column cannot be used as a feature",
        why=why,
        resolution="correct the entry, or leave the column out (--drop COLUMN)",
        column=column.name,
        row=row,
    )
