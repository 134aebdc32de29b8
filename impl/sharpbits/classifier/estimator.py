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

from sharpbits.classifier.data.schema import Schema
from sharpbits.classifier.data.splits import split_rows
from sharpbits.classifier.errors import InvalidDataError, as_ours
from sharpbits.classifier.fitted import Fitted
from sharpbits.classifier.history import History
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.classifier.modes import Mode, choose, get_mode
from sharpbits.classifier.parameters import Parameters
from sharpbits.classifier.persistence import read_model, write_model
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
    fitted_
        All that was fitted, in one value; the following are parts of it.
    classes_
        The two labels; the second is the positive class.
    parameters_, preprocessing_, threshold_
        What was fitted; the threshold is a logit.
    mode_, device_
        What ``auto`` chose.
    history_, seed_
        The losses and times of each epoch, and what everything was drawn with.
    training_rows_
        The number of rows of an epoch; set by ``fit`` only.
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
    def of(cls, hyperparameters: Hyperparameters, fitted: Fitted | None = None) -> QuantumClassifier:
        """Return an estimator with these parameters, trained if what was fitted is given."""
        estimator = cls()
        for field in fields(Hyperparameters):
            setattr(estimator, field.name, getattr(hyperparameters, field.name))
        if fitted is not None:
            estimator.fitted_ = fitted
            estimator.n_features_in_ = fitted.preprocessing.mean.size
            if fitted.feature_names is not None:
                estimator.feature_names_in_ = np.array(fitted.feature_names, dtype=object)
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
            classes, codes = np.unique(labels, return_inverse=True)
        _check_binary(classes, labels)
        self._check_parameters()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rows, held_out = np.arange(len(codes)), np.arange(0)
        if self.validation_fraction:
            rows, held_out = split_rows(codes, self.validation_fraction, seed)
        mode_name, device = choose(self.mode, self.device)
        wires = min(DEFAULT_QUBITS, features.shape[1], len(rows)) if self.qubits is None else self.qubits
        preprocessing = Preprocessing.fit(features[rows], codes[rows], wires, missing=self.missing)
        part = Part(preprocessing.transform(features[rows]), codes[rows])
        validation = None
        if held_out.size:
            validation = Part(preprocessing.transform(features[held_out]), codes[held_out])
        mode = self._mode(mode_name, device, wires)
        settings = Settings.of(self, seed=seed, rows=len(rows))
        with progress_bar(self.epochs) if self.progress else _nothing() as report:
            parameters, history = train(mode, part, settings, validation=validation, report=report)
        names = getattr(self, "feature_names_in_", None)
        self.training_rows_ = len(rows)
        self.fitted_ = Fitted(
            classes=classes,
            feature_names=None if names is None else tuple(map(str, names)),
            seed=seed,
            mode=mode_name,
            device=device,
            preprocessing=preprocessing,
            parameters=parameters,
            threshold=self._choose_threshold(mode, parameters, validation),
            history=history,
        )
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

    def save(self, path: str | Path, *, schema: Schema | None = None) -> None:
        """Write the trained model, and the table it was trained on if that is given, to one file.

        Raises
        ------
        UntrainedError
            ``fit`` was not called.
        InvalidDataError
            The labels are of a kind that the file cannot hold.
        SharpbitsError
            The file cannot be written.
        """
        with as_ours():
            check_is_fitted(self, "fitted_")
        write_model(Path(path), self, self.fitted_, schema)

    @staticmethod
    def load(path: str | Path) -> QuantumClassifier:
        """Read a model that :meth:`save` wrote.

        Raises
        ------
        UsageError
            There is no such file.
        DamagedFileError
            It is not an intact model.
        """
        stored = read_model(Path(path))
        return QuantumClassifier.of(stored.hyperparameters, stored.fitted)

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The two labels; the second is the positive class."""
        return self.fitted_.classes

    @property
    def parameters_(self) -> Parameters:
        """What was trained."""
        return self.fitted_.parameters

    @property
    def preprocessing_(self) -> Preprocessing:
        """From features to angles."""
        return self.fitted_.preprocessing

    @property
    def threshold_(self) -> float:
        """The logit from which on a row is positive."""
        return self.fitted_.threshold

    @property
    def mode_(self) -> str:
        """The mode that was trained in."""
        return self.fitted_.mode

    @property
    def device_(self) -> str:
        """The device that was trained on."""
        return self.fitted_.device

    @property
    def history_(self) -> History:
        """The losses and times of each epoch."""
        return self.fitted_.history

    @property
    def seed_(self) -> int:
        """What everything was drawn with."""
        return self.fitted_.seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = self.missing == "median"
        return tags

    def _logits(self, X: Any) -> Floats:  # noqa: N803
        with as_ours():
            check_is_fitted(self, "fitted_")
            features = validate_data(self, X, dtype=np.float64, ensure_all_finite=self._finite(), reset=False)
        fitted = self.fitted_
        angles = fitted.preprocessing.transform(features)
        return logits(self._mode(fitted.mode, fitted.device, angles.shape[1]), fitted.parameters, angles)

    def _mode(self, mode: str, device: str, wires: int) -> Mode:
        return get_mode(mode, device, layers=self.layers, wires=wires, dtype=self.dtype, options=self.device_options)

    def _finite(self) -> bool | str:
        return "allow-nan" if self.missing == "median" else True

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

    def _choose_threshold(self, mode: Mode, parameters: Parameters, validation: Part | None) -> float:
        if isinstance(self.threshold, str) and validation is not None:
            values = logits(mode, parameters, validation.angles)
            return best_threshold(values, validation.labels, self.threshold)
        probability = float(self.threshold)
        return float(np.log(probability) - np.log1p(-probability))


def _check_binary(classes: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
    if len(classes) == 2:
        return
    if len(classes) > 2:
        why = f"Only binary classification is supported. The type of the target is {type_of_target(labels)}"
    else:
        why = f"the target has one class only: {classes[0]!r}"
    raise InvalidDataError("the target is not binary", why=why, resolution="give a target with exactly two labels")


def _sigmoid(values: Floats) -> Floats:
    small = np.exp(-np.abs(values))
    result: Floats = np.where(values >= 0, 1.0, small) / (1.0 + small)
    return result


@contextmanager
def _nothing() -> Iterator[Any]:
    yield silent
