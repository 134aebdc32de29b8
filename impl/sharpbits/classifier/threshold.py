"""The logit from which on a row is called positive, chosen on rows that training did not see."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sharpbits.errors import UsageError

Counts = npt.NDArray[np.float64]


def balanced_accuracy(hits: Counts, false_alarms: Counts, positives: int, negatives: int) -> Counts:
    """Return the mean of the two classes' recalls, for each number of true and of false positives."""
    return (hits / positives + (negatives - false_alarms) / negatives) / 2


def f1(hits: Counts, false_alarms: Counts, positives: int, negatives: int) -> Counts:
    """Return the harmonic mean of precision and recall, for each number of true and of false positives."""
    return 2 * hits / (hits + false_alarms + positives)


CRITERIA: dict[str, Callable[[Counts, Counts, int, int], Counts]] = {"balanced_accuracy": balanced_accuracy, "f1": f1}


def criterion_or_probability(text: str) -> str | float:
    """Read what a threshold is asked for by: a number is a probability, anything else names a criterion.

    >>> criterion_or_probability("f1"), criterion_or_probability("0.5")
    ('f1', 0.5)
    """
    try:
        return float(text)
    except ValueError:
        return text


def best_threshold(logits: npt.ArrayLike, labels: npt.ArrayLike, criterion: str) -> float:
    """Return the threshold that maximises a criterion; rows with a greater logit are positive.

    Method: sort once, count true and false positives above every gap between neighbouring logits, and above and below
    all; O(rows log rows). Of equally good thresholds the one nearest to 0, the probability of one half.

    Parameters
    ----------
    logits, labels
        ``[rows]``, and ``[rows]`` of 0 and 1 with both classes in it.
    criterion
        ``balanced_accuracy`` or ``f1``.

    Raises
    ------
    UsageError
        There is no such criterion, or one class is absent.

    >>> best_threshold([-2.0, -1.0, 1.0, 2.0], [0, 0, 0, 1], "f1")
    1.5
    """
    if criterion not in CRITERIA:
        raise UsageError(
            "no such criterion for the threshold",
            why=f"{criterion!r} is none of {', '.join(CRITERIA)}",
            resolution="name one of them, or give a probability",
        )
    values, positive = np.asarray(logits, dtype=np.float64), np.asarray(labels) == 1
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        raise UsageError(
            "the threshold cannot be chosen",
            why=f"the rows to choose it on are {positives} positive and {negatives} negative",
            resolution="give rows of both classes, or a probability",
        )
    distinct, where = np.unique(values, return_inverse=True)
    # Cut i calls positive what is at or above distinct[i]; the last cut calls nothing positive.
    hits = np.append(np.cumsum(np.bincount(where, weights=positive, minlength=distinct.size)[::-1])[::-1], 0.0)
    alarms = np.append(np.cumsum(np.bincount(where, weights=~positive, minlength=distinct.size)[::-1])[::-1], 0.0)
    # Half each: the sum of two large logits would overflow.
    between = distinct[:-1] / 2 + distinct[1:] / 2
    between = np.where(between < distinct[1:], between, distinct[:-1])  # rounded up: neighbouring numbers
    below = min(distinct[0] - 1.0, np.nextafter(distinct[0], -np.inf))
    cuts = np.concatenate([[below], between, [distinct[-1]]])
    # Where a gap holds 0, cut there: any point of the gap is equally good.
    cuts[1:-1] = np.where((distinct[:-1] <= 0) & (distinct[1:] > 0), 0.0, cuts[1:-1])
    scores = CRITERIA[criterion](hits, alarms, positives, negatives)
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(cuts[best[np.argmin(np.abs(cuts[best]))]])
