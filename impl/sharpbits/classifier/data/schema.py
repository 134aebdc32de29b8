"""What a trained model remembers of its table: which columns are features, in which order, and the two labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.data.columns import numbers_of
from sharpbits.classifier.data.labels import LabelNames
from sharpbits.classifier.errors import InvalidDataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Schema:
    """How a table becomes features and labels, the same at training and ever after.

    Attributes
    ----------
    features
        Column names, in the order of the model's features.
    target
        The column of labels.
    labels
        Its two classes.
    """

    features: tuple[str, ...]
    target: str
    labels: LabelNames

    @classmethod
    def of(cls, table: pd.DataFrame, target: str, *, drop: Sequence[str] = (), positive: str | None = None) -> Schema:
        """Take every column but the target and those to drop as a feature.

        Raises
        ------
        InvalidDataError
            A named column does not exist, no feature is left, or the target is not binary.
        """
        for name in (target, *drop):
            _require(table, name)
        features = tuple(str(name) for name in table.columns if name != target and name not in drop)
        if not features:
            raise InvalidDataError(
                "there is nothing to learn from",
                why=f"the table has no column but the target {target!r} and those dropped",
                resolution="give a table with at least one feature",
            )
        return cls(features, target, LabelNames.of(table[target], positive=positive))

    def feature_values(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the features as ``[rows, features]``, missing values as NaN.

        Raises
        ------
        InvalidDataError
            A column is absent or holds something that is no number.
        """
        for name in self.features:
            _require(table, name)
        return np.column_stack([numbers_of(table[name]) for name in self.features])

    def label_codes(self, table: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return the labels as 0 and 1.

        Raises
        ------
        InvalidDataError
            The column is absent, or a label is missing or unknown.
        """
        _require(table, self.target)
        return self.labels.encode(table[self.target])

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Schema:
        """Rebuild what :meth:`as_dict` returned."""
        return cls(tuple(stored["features"]), stored["target"], LabelNames(**stored["labels"]))


def _require(table: pd.DataFrame, name: str) -> None:
    if name not in table.columns:
        shown = ", ".join(map(str, table.columns[:20])) + (", …" if len(table.columns) > 20 else "")
        raise InvalidDataError(
            "a column is absent", why=f"there is no column {name!r}", resolution=f"name one of: {shown}"
        )
