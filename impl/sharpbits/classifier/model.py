"""A classifier with the table it was trained on: what ``sharpbits train`` writes and ``sharpbits evaluate`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sharpbits.classifier.data import Schema
from sharpbits.classifier.estimator import QuantumClassifier
from sharpbits.classifier.persistence import read_model


@dataclass(frozen=True)
class Model:
    """What a file holds.

    Attributes
    ----------
    estimator
        The trained classifier.
    schema
        The table it was trained on; None where it was trained on arrays.
    versions
        Of the packages it was made with.
    """

    estimator: QuantumClassifier
    schema: Schema | None
    versions: Mapping[str, str]


def save(estimator: QuantumClassifier, path: Path, *, schema: Schema | None = None) -> None:
    """Write a trained classifier: parameters, preprocessing, threshold, labels, history, settings, versions.

    Raises
    ------
    UntrainedError
        It is not trained.
    InvalidDataError
        Its labels are of a kind that the file cannot hold.
    SharpbitsError
        The file cannot be written.
    """
    estimator.save(path, schema=schema)


def load(path: Path) -> Model:
    """Read a model.

    Raises
    ------
    UsageError
        There is no such file.
    DamagedFileError
        It is not an intact model: of another kind or version, cut short, changed.
    """
    stored = read_model(path)
    return Model(QuantumClassifier.of(stored.hyperparameters, stored.fitted), stored.schema, stored.versions)
