"""How good a model is on rows it has not seen: rates, ranking, and whether its probabilities can be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.errors import InvalidDataError

#: Probability bins of the calibration table.
BINS = 10


@dataclass(frozen=True)
class CalibrationBin:
    """Rows whose probability lies in one tenth: how many, their mean probability, the share that is positive."""

    rows: int
    probability: float
    positive: float


@dataclass(frozen=True)
class Evaluation:
    """The figures of one model on one table.

    Attributes
    ----------
    rows
        How many rows.
    accuracy, balanced_accuracy
        Share of rows that are right; the mean of that share over the two classes.
    roc_auc
        Probability that a positive row has a larger decision than a negative one.
    confusion
        ``[[true negatives, false positives], [false negatives, true positives]]``.
    brier
        Mean squared difference of probability and truth.
    calibration_error
        Mean absolute difference of probability and share of positives over the bins, weighted by rows.
    calibration
        The bins that have rows.
    """

    rows: int
    accuracy: float
    balanced_accuracy: float
    roc_auc: float
    confusion: tuple[tuple[int, int], tuple[int, int]]
    brier: float
    calibration_error: float
    calibration: tuple[CalibrationBin, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


def evaluate(labels: npt.ArrayLike, decisions: npt.ArrayLike, probabilities: npt.ArrayLike) -> Evaluation:
    """Hold a model's answers against the truth.

    Parameters
    ----------
    labels
        ``[rows]`` of 0 and 1, both of which occur.
    decisions
        ``[rows]``: positive where the model says 1.
    probabilities
        ``[rows]``: of class 1.

    Raises
    ------
    InvalidDataError
        One class does not occur.
    """
    from sklearn.metrics import roc_auc_score

    truth, decided = np.asarray(labels), np.asarray(decisions)
    probable = np.asarray(probabilities, dtype=np.float64)
    positives, negatives = int((truth == 1).sum()), int((truth == 0).sum())
    if not positives or not negatives:
        raise InvalidDataError(
            "the model cannot be evaluated",
            why=f"the table has {positives} positive and {negatives} negative rows",
            resolution="give rows of both classes",
        )
    said = decided > 0
    hits, alarms = int(said[truth == 1].sum()), int(said[truth == 0].sum())
    bins = np.minimum((probable * BINS).astype(np.int64), BINS - 1)
    calibration = tuple(
        CalibrationBin(int(here.sum()), float(probable[here].mean()), float(truth[here].mean()))
        for here in (bins == number for number in range(BINS))
        if here.any()
    )
    return Evaluation(
        rows=truth.size,
        accuracy=(hits + negatives - alarms) / truth.size,
        balanced_accuracy=(hits / positives + (negatives - alarms) / negatives) / 2,
        roc_auc=float(roc_auc_score(truth, decided)),
        confusion=((negatives - alarms, alarms), (positives - hits, hits)),
        brier=float(np.mean((probable - truth) ** 2)),
        calibration_error=sum(b.rows * abs(b.probability - b.positive) for b in calibration) / truth.size,
        calibration=calibration,
    )
