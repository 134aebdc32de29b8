"""The threshold is the best there is, by trying them all; the figures of an evaluation are scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, confusion_matrix, roc_auc_score

from sharpbits.classifier import InvalidDataError, best_threshold, evaluate
from sharpbits.errors import UsageError

Array = npt.NDArray[Any]
Metric = Callable[[Array, Array], float]

ROWS = st.lists(
    st.tuples(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e300, 1e300)), st.integers(0, 1)),
    min_size=2,
    max_size=12,
).filter(lambda rows: len({label for _, label in rows}) == 2)


def balanced_accuracy(labels: Array, said: Array) -> float:
    return float((said[labels == 1].mean() + (1 - said[labels == 0]).mean()) / 2)


def f1(labels: Array, said: Array) -> float:
    hits = np.sum(said * labels)
    return float(2 * hits / (said.sum() + labels.sum()))


@pytest.mark.parametrize("metric", [balanced_accuracy, f1])
@given(rows=ROWS)
def test_no_threshold_is_better(metric: Metric, rows: list[tuple[float, int]]) -> None:
    logits, labels = map(np.array, zip(*rows, strict=True))

    def score(threshold: float) -> float:
        return metric(labels, (logits > threshold).astype(int))

    chosen = best_threshold(logits, labels, metric.__name__)
    # Every set of rows that a threshold can pick: those above each logit, and all.
    assert score(chosen) >= max(score(x) for x in [-np.inf, *logits]) - 1e-9


def test_of_equally_good_thresholds_it_is_the_one_nearest_to_one_half() -> None:
    assert best_threshold([-3.0, 5.0], [0, 1], "balanced_accuracy") == 0.0
    assert best_threshold([1.0, 5.0], [0, 1], "f1") == 3.0


def test_a_threshold_that_cannot_be_chosen_is_an_error() -> None:
    with pytest.raises(UsageError, match="'recall' is none of"):
        best_threshold([0.0, 1.0], [0, 1], "recall")
    with pytest.raises(UsageError, match="0 positive and 2 negative"):
        best_threshold([0.0, 1.0], [0, 0], "f1")


@settings(max_examples=20)
@given(
    rows=st.lists(st.tuples(st.floats(-20, 20), st.integers(0, 1)), min_size=2, max_size=60).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)
def test_the_figures_are_scikit_learns(rows: list[tuple[float, int]]) -> None:
    decisions, labels = map(np.array, zip(*rows, strict=True))
    probabilities = 1 / (1 + np.exp(-decisions))
    result = evaluate(labels, decisions, probabilities)
    said = (decisions > 0).astype(int)
    assert result.rows == len(rows)
    np.testing.assert_array_equal(result.confusion, confusion_matrix(labels, said, labels=[0, 1]))
    np.testing.assert_allclose(result.accuracy, np.mean(said == labels), rtol=1e-12)
    np.testing.assert_allclose(result.balanced_accuracy, balanced_accuracy_score(labels, said), rtol=1e-12)
    np.testing.assert_allclose(result.roc_auc, roc_auc_score(labels, decisions), rtol=1e-12)
    np.testing.assert_allclose(result.brier, brier_score_loss(labels, probabilities), rtol=1e-12)
    assert sum(part.rows for part in result.calibration) == len(rows)
    weighted = sum(part.rows * part.positive for part in result.calibration)
    np.testing.assert_allclose(weighted, labels.sum(), rtol=1e-12)


def test_calibration_is_perfect_where_the_probability_is_the_share() -> None:
    result = evaluate([0, 0, 0, 1, 1, 1, 1, 0], [-1] * 4 + [1] * 4, [0.25] * 4 + [0.75] * 4)
    assert result.calibration_error == 0
    assert [(part.rows, part.probability, part.positive) for part in result.calibration] == [
        (4, 0.25, 0.25),
        (4, 0.75, 0.75),
    ]


def test_a_table_of_one_class_cannot_be_evaluated() -> None:
    with pytest.raises(InvalidDataError, match="2 positive and 0 negative"):
        evaluate([1, 1], [0.5, 1.0], [0.6, 0.7])
