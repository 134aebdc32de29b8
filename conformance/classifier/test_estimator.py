"""The classifier is a scikit-learn estimator: its contract, pipelines, cross-validation, and no leakage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sharpbits.classifier import (
    InvalidDataError,
    Preprocessing,
    QuantumClassifier,
    UntrainedError,
    embedded_table,
    split_rows,
)
from sharpbits.classifier.data import EMBEDDED_TARGET, Schema
from sharpbits.errors import SharpbitsError, UsageError

Array = npt.NDArray[Any]

#: Fast, and with a fixed threshold: the probability of one half, as scikit-learn expects of a classifier.
TINY = QuantumClassifier(layers=2, epochs=30, learning_rate=0.1, threshold=0.5, validation_fraction=0)


@parametrize_with_checks([TINY])  # type: ignore[untyped-decorator]
def test_it_keeps_the_contract_of_a_scikit_learn_estimator(
    estimator: QuantumClassifier, check: Callable[[QuantumClassifier], None]
) -> None:
    check(estimator)


def data(rows: int = 120, seed: int = 0, **options: Any) -> tuple[Array, Array]:
    made: tuple[Array, Array] = make_classification(
        n_samples=rows,
        n_features=4,
        n_informative=3,
        n_redundant=0,
        n_clusters_per_class=1,
        random_state=seed,
        class_sep=2.0,
        **options,
    )
    return made


def quick(**options: Any) -> QuantumClassifier:
    return QuantumClassifier(
        **{"qubits": 2, "layers": 2, "epochs": 30, "learning_rate": 0.1, "random_state": 0} | options
    )


def test_it_works_in_a_pipeline_in_cross_validation_and_in_a_grid_search() -> None:
    features, labels = data()
    pipeline = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), quick())
    assert cross_val_score(pipeline, features, labels, cv=2).mean() > 0.8
    search = GridSearchCV(quick(epochs=2), {"layers": [2, 3]}, cv=2).fit(features, labels)
    assert search.best_params_["layers"] in (2, 3)


@pytest.mark.parametrize(
    "labels",
    [["no", "yes"], [False, True], [0, 1], [-1, 1], [2.0, 7.0], np.array(["a", "b"], dtype=object)],
    ids=["texts", "booleans", "0/1", "-1/1", "floats", "objects"],
)
def test_predictions_are_labels_of_the_kind_that_was_given(labels: Any) -> None:
    features, codes = data()
    model = quick().fit(features, np.asarray(labels)[codes])
    predicted = model.predict(features)
    assert set(predicted) <= set(labels)
    assert list(model.classes_) == list(labels)
    assert np.mean(predicted == np.asarray(labels)[codes]) > 0.8


@pytest.mark.parametrize("threshold", ["balanced_accuracy", "f1", 0.3])
def test_predict_decision_and_probability_say_the_same(threshold: str | float) -> None:
    features, labels = data()
    model = quick(threshold=threshold).fit(features, labels)
    decision, probability = model.decision_function(features), model.predict_proba(features)
    assert np.array_equal(model.predict(features) == 1, decision > 0)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-15)
    logit = np.log(probability[:, 1]) - np.log(probability[:, 0])
    np.testing.assert_allclose(logit - model.threshold_, decision, rtol=1e-9, atol=1e-9)
    if threshold == 0.3:
        assert np.array_equal(probability[:, 1] > 0.3, decision > 0)


def test_probabilities_of_extreme_logits_are_exact() -> None:
    model = quick().fit(*data())
    extreme = model.parameters_._replace(bias=jnp.float32(-100.0), alpha=jnp.float32(0.0))
    model.fitted_ = replace(model.fitted_, parameters=extreme)
    np.testing.assert_allclose(model.predict_proba(data()[0])[0], [1.0, np.exp(-100.0)], rtol=1e-12)


def test_nothing_of_the_validation_part_enters_what_is_fitted() -> None:
    """The rows that are split off are moved far away: preprocessing and parameters stay the same, bit for bit."""
    features, labels = data()
    model = quick().fit(features, labels)
    _, held_out = split_rows(labels, 0.2, model.seed_)
    moved = features.copy()
    moved[held_out] = 1e3 * moved[held_out] + 77.0
    other = quick().fit(moved, labels)
    for name, array in model.preprocessing_.arrays().items():
        assert array.tobytes() == other.preprocessing_.arrays()[name].tobytes(), name
    for leaf, leaf_of_other in zip(model.parameters_, other.parameters_, strict=True):
        assert np.array_equal(leaf, leaf_of_other)
    # And the part is indeed used, for the threshold.
    assert model.history_.validation_losses != other.history_.validation_losses


def test_preprocessing_is_scikit_learns_standardisation_and_partial_least_squares() -> None:
    from sklearn.cross_decomposition import PLSRegression

    features, labels = data()
    fitted = Preprocessing.fit(features, labels, 3)
    pls = PLSRegression(n_components=3, scale=False).fit(StandardScaler().fit_transform(features), labels)
    scores = pls.transform(StandardScaler().fit_transform(features))
    np.testing.assert_allclose(fitted.transform(features), 0.3 * scores / scores.std(axis=0), atol=1e-12)


def test_missing_values_are_an_error_or_the_median_of_the_training_part() -> None:
    features, labels = data()
    features[5, 1] = np.nan
    with pytest.raises(InvalidDataError, match="NaN"):
        quick().fit(features, labels)
    model = quick(missing="median").fit(features, labels)
    training, _ = split_rows(labels, 0.2, model.seed_)
    np.testing.assert_array_equal(model.preprocessing_.fill, np.nanmedian(features[training], axis=0))
    filled = features.copy()
    filled[5, 1] = model.preprocessing_.fill[1]
    assert model.decision_function(features)[5] == model.decision_function(filled)[5]
    with pytest.raises(UsageError, match="'mean' is none of error, median"):
        quick(missing="mean").fit(features, labels)
    features[:, 1] = np.nan
    with pytest.raises(InvalidDataError, match="feature 1 has no value at all"):
        quick(missing="median").fit(features, labels)


def test_a_constant_feature_and_labels_that_one_component_explains_are_no_trouble() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 40)
    features = np.column_stack([labels * 2.0, np.ones(40), np.zeros(40)])
    assert quick(qubits=3).fit(features, labels).score(features, labels) == 1.0


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"qubits": 5}, "5 components were asked for"),
        ({"qubits": 0}, "qubits is 0"),
        ({"layers": 1.5}, r"layers is 1\.5"),
        ({"dtype": "float16"}, "'float16' is none of"),
        ({"threshold": "accuracy"}, "'accuracy' is none of balanced_accuracy, f1"),
        ({"threshold": 1.0}, "not a probability"),
        ({"validation_fraction": 0}, "no rows to choose it on"),
        ({"validation_fraction": 1.5}, "not between 0 and 1"),
        ({"mode": "fast"}, "'fast' is none of"),
        ({"optimiser": "lbfgs"}, "'lbfgs' is none of"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_an_error_at_fit(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(SharpbitsError, match=why) as error:
        quick(**wrong).fit(*data(rows=40))
    assert "resolution: " in str(error.value)


@pytest.mark.parametrize(
    ("labels", "why"),
    [(np.arange(40) % 3, "Only binary classification is supported"), (np.zeros(40), "one class only")],
    ids=["three classes", "one class"],
)
def test_a_target_that_is_not_binary_is_an_error(labels: Array, why: str) -> None:
    with pytest.raises(InvalidDataError, match=why):
        quick().fit(data(rows=40)[0], labels)


def test_a_model_that_is_not_trained_says_so() -> None:
    with pytest.raises(UntrainedError, match="call fit first"):
        quick().predict(data()[0])


def test_a_training_that_failed_leaves_no_model_behind() -> None:
    features, labels = data(rows=40)
    model = quick(learning_rate=-1.0)
    with pytest.raises(UsageError):
        model.fit(features, labels)
    with pytest.raises(UntrainedError, match="call fit first"):
        model.predict(features)


def test_a_clone_trains_to_the_same_bits() -> None:
    features, labels = data()
    model = quick().fit(features, labels)
    assert np.array_equal(
        model.decision_function(features), clone(model).fit(features, labels).decision_function(features)
    )


def test_a_single_row_is_predicted_as_it_is_among_many() -> None:
    features, labels = data(rows=300)
    model = quick().fit(features, labels)
    together = model.decision_function(features)
    assert [model.decision_function(features[i : i + 1])[0] for i in (0, 256, 299)] == [
        pytest.approx(together[i], abs=1e-5) for i in (0, 256, 299)
    ]


@pytest.mark.parametrize(
    ("seed", "options"), [(0, {}), (1, {}), *((seed, {"layers": 3, "threshold": 0.5}) for seed in range(4))]
)
def test_it_is_as_good_as_logistic_regression_minus_two_points_on_the_embedded_data(
    seed: int, options: dict[str, Any]
) -> None:
    table = embedded_table()
    schema = Schema.of(table, EMBEDDED_TARGET)
    features, labels = schema.feature_values(table), schema.label_codes(table)
    rest, test = split_rows(labels, 0.2, seed)
    ours = QuantumClassifier(qubits=8, random_state=seed, **options).fit(features[rest], labels[rest])
    peer = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000)).fit(features[rest], labels[rest])
    assert ours.score(features[test], labels[test]) >= peer.score(features[test], labels[test]) - 0.02
