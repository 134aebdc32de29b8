"""The classifier as a scikit-learn estimator: ``fit``, ``predict``, pipelines, cross-validation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from sharpbits.classifier.data.splits import split_rows
from sharpbits.classifier.errors import InvalidDataError, as_ours
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.classifier.modes import Mode, choose, get_mode
from sharpbits.classifier.precision import precision
from sharpbits.classifier.preprocessing import Preprocessing, check_policy
from sharpbits.classifier.progress import progress_bar, silent
from sharpbits.classifier.threshold import best_threshold
from sharpbits.classifier.training import Part, Settings, logits, train
from sharpbits.errors import UsageError

logger = logging.getLogger(__name__)

#: The number of qubits where none is given, and the data has so many features.
DEFAULT_QUBITS = 8

Floats = npt.NDArray[np.float64]


class QuantumClassifier(ClassifierMixin, BaseEstimator, Hyperparameters):  # type: ignore[misc]
    """A variational quantum classifier of two classes.

    Features are standardised and projected onto ``qubits`` components by partial least squares, each component turns
    one wire, layers of trainable rotations and CNOTs follow, and ``alpha * <Z0> + bias`` is the logit. Everything is
    fitted on the training part: what is left of the rows given to ``fit`` when the validation part is split off.

    Parameters
    ----------
    **parameters
        The fields of :class:`sharpbits.classifier.hyperparameters.Hyperparameters`, by name.

    Attributes
    ----------
    classes_
        The two labels; the second is the positive class.
    parameters_, preprocessing_, threshold_
        What was fitted; the threshold is a logit.
    mode_, device_
        What ``auto`` chose.
    history_, training_rows_
        The losses and times of each epoch, and its number of rows.
    n_features_in_, feature_names_in_
        As scikit-learn defines them.

    Examples
    --------
    ::

        from sklearn.datasets import load_breast_cancer
        from sklearn.model_selection import train_test_split

        from sharpbits.classifier import QuantumClassifier

        features, labels = load_breast_cancer(return_X_y=True)
        split = train_test_split(features, labels, test_size=0.2, random_state=0, stratify=labels)
        training, testing, training_labels, testing_labels = split

        model = QuantumClassifier(qubits=4, epochs=20, random_state=0).fit(training, training_labels)
        print(model.score(testing, testing_labels))
    """

    @classmethod
    def of(cls, hyperparameters: Hyperparameters) -> QuantumClassifier:
        """Return an estimator with these parameters, not trained."""
        estimator = cls()
        for field in fields(Hyperparameters):
            setattr(estimator, field.name, getattr(hyperparameters, field.name))
        return estimator

    def fit(self, X: Any, y: Any) -> QuantumClassifier:  # noqa: N803
        """Train.

        Parameters
        ----------
        X
            ``[rows, features]`` of numbers.
        y
            ``[rows]`` of two labels.

        Raises
        ------
        UsageError
            A parameter cannot be used, or a mode or device is not available.
        InvalidDataError
            The data cannot be used.
        DivergenceError
            The loss is no longer finite.
        """
        check_policy(self.missing)
        with as_ours():
            features, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=self._finite())
            check_classification_targets(labels)
            self.classes_, codes = np.unique(labels, return_inverse=True)
        self._check_binary(labels)
        self._check_parameters()
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        rows, held_out = np.arange(len(codes)), np.arange(0)
        if self.validation_fraction:
            rows, held_out = split_rows(codes, self.validation_fraction, self.seed_)
        self.training_rows_ = len(rows)
        self.mode_, self.device_ = choose(self.mode, self.device)
        wires = min(DEFAULT_QUBITS, features.shape[1], len(rows)) if self.qubits is None else self.qubits
        self.preprocessing_ = Preprocessing.fit(features[rows], codes[rows], wires, missing=self.missing)
        settings = Settings.of(self, seed=self.seed_, rows=len(rows))
        part = Part(self.preprocessing_.transform(features[rows]), codes[rows])
        validation = None
        if held_out.size:
            validation = Part(self.preprocessing_.transform(features[held_out]), codes[held_out])
        with progress_bar(self.epochs) if self.progress else _nothing() as report:
            self.parameters_, self.history_ = train(self._mode(), part, settings, validation=validation, report=report)
        self.threshold_ = self._choose_threshold(validation)
        return self

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Return ``logit - threshold`` for each row: positive exactly where ``predict`` says the positive class.

        Raises
        ------
        UntrainedError
            ``fit`` was not called.
        InvalidDataError
            The data does not fit the model.
        """
        return self._logits(X) - self.threshold_

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probabilities of both classes, ``[rows, 2]``; they do not depend on the threshold."""
        values = self._logits(X)
        # Each from its own exponential: 1 - p would lose a small probability.
        return np.column_stack([_sigmoid(-values), _sigmoid(values)])

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """Return the label of each row."""
        positive = self.decision_function(X) > 0
        labels: npt.NDArray[Any] = self.classes_[positive.astype(np.int64)]
        return labels

    def save(self, path: str | Path) -> None:
        """Write the trained model to one file: see :mod:`sharpbits.classifier.persistence`."""
        from sharpbits.classifier.persistence import save

        save(self, Path(path))

    @staticmethod
    def load(path: str | Path) -> QuantumClassifier:
        """Read a model that :meth:`save` wrote: see :mod:`sharpbits.classifier.persistence`."""
        from sharpbits.classifier.persistence import load

        return load(Path(path)).estimator

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = self.missing == "median"
        return tags

    def _logits(self, X: Any) -> Floats:  # noqa: N803
        with as_ours():
            check_is_fitted(self)
            features = validate_data(self, X, dtype=np.float64, ensure_all_finite=self._finite(), reset=False)
        return logits(self._mode(), self.parameters_, self.preprocessing_.transform(features))

    def _mode(self) -> Mode:
        return get_mode(
            self.mode_,
            self.device_,
            layers=self.layers,
            wires=self.preprocessing_.rotation.shape[1],
            dtype=self.dtype,
            options=self.device_options,
        )

    def _finite(self) -> bool | str:
        return "allow-nan" if self.missing == "median" else True

    def _check_binary(self, labels: npt.NDArray[Any]) -> None:
        if len(self.classes_) == 2:
            return
        if len(self.classes_) > 2:
            why = f"Only binary classification is supported. The type of the target is {type_of_target(labels)}"
        else:
            why = f"the target has one class only: {self.classes_[0]!r}"
        raise InvalidDataError("the target is not binary", why=why, resolution="give a target with exactly two labels")

    def _check_parameters(self) -> None:
        precision(self.dtype)
        for name in ("layers", "qubits"):
            value = getattr(self, name)
            if not (value is None and name == "qubits") and (not isinstance(value, (int, np.integer)) or value < 1):
                raise UsageError(
                    "the model cannot be built", why=f"{name} is {value!r}", resolution="give a whole number above 0"
                )
        if not isinstance(self.threshold, str) and not 0 < self.threshold < 1:
            raise UsageError(
                "the threshold cannot be used",
                why=f"{self.threshold} is not a probability between 0 and 1",
                resolution="give one, or the criterion to choose it by",
            )
        if isinstance(self.threshold, str) and not self.validation_fraction:
            raise UsageError(
                "the threshold cannot be chosen",
                why="validation_fraction is 0, so there are no rows to choose it on",
                resolution="split a validation part off, or give the threshold as a probability",
            )

    def _choose_threshold(self, validation: Part | None) -> float:
        if isinstance(self.threshold, str) and validation is not None:
            values = logits(self._mode(), self.parameters_, validation.angles)
            return best_threshold(values, validation.labels, self.threshold)
        probability = float(self.threshold)
        return float(np.log(probability) - np.log1p(-probability))


def _sigmoid(values: Floats) -> Floats:
    small = np.exp(-np.abs(values))
    result: Floats = np.where(values >= 0, 1.0, small) / (1.0 + small)
    return result


@contextmanager
def _nothing() -> Iterator[Any]:
    yield silent
