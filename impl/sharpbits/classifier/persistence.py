"""A trained model in one file, without pickle: ``save`` and ``load``. Loaded, it predicts the same bits."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from sharpbits.classifier.data.schema import Schema
from sharpbits.classifier.errors import InvalidDataError, as_ours
from sharpbits.classifier.estimator import QuantumClassifier
from sharpbits.classifier.history import History
from sharpbits.classifier.parameters import Parameters
from sharpbits.classifier.precision import wide_types
from sharpbits.classifier.preprocessing import Preprocessing
from sharpbits.container import read_container, write_container
from sharpbits.errors import DamagedFileError

KIND = "model"

#: The packages that the numbers depend on; a file names the versions it was made with.
PACKAGES = (
    "sharpbits",
    "jax",
    "numpy",
    "optax",
    "scikit-learn",
    "pennylane",
    "pennylane-catalyst",
    "pennylane-lightning",
)

#: Settings of one run of ``fit`` rather than of the model.
_NOT_STORED = ("random_state", "checkpoint", "checkpoint_every", "resume", "progress")


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
    with as_ours():
        check_is_fitted(estimator)
    labels, kind = _storable(estimator.classes_)
    names = getattr(estimator, "feature_names_in_", None)
    header = {
        "settings": {name: value for name, value in estimator.get_params().items() if name not in _NOT_STORED},
        "seed": estimator.seed_,
        "mode": estimator.mode_,
        "device": estimator.device_,
        "threshold": float(estimator.threshold_).hex(),
        "labels": labels,
        "label_type": kind,
        "feature_names": None if names is None else [str(name) for name in names],
        "schema": None if schema is None else schema.as_dict(),
        "versions": _versions(),
    }
    arrays = {f"parameters.{name}": np.asarray(value) for name, value in estimator.parameters_._asdict().items()}
    arrays |= {f"preprocessing.{name}": value for name, value in estimator.preprocessing_.arrays().items()}
    arrays |= {f"history.{name}": value for name, value in estimator.history_.arrays().items()}
    write_container(path, KIND, header, arrays)


def load(path: Path) -> Model:
    """Read a model.

    Raises
    ------
    UsageError
        There is no such file.
    DamagedFileError
        It is not an intact model: of another kind or version, cut short, changed.
    """
    header, arrays = read_container(path, KIND)
    try:
        with wide_types():
            return _rebuilt(header, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(
            "this is not a model that this version can read",
            why=f"{type(error).__name__}: {error}",
            resolution="load it with the version that wrote it, or train again",
            path=path,
            versions=header.get("versions"),
        ) from error


def _rebuilt(header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Model:
    estimator = QuantumClassifier(**header["settings"], random_state=header["seed"])
    estimator.seed_ = header["seed"]
    estimator.mode_, estimator.device_ = header["mode"], header["device"]
    estimator.threshold_ = float.fromhex(header["threshold"])
    estimator.classes_ = np.array(header["labels"], dtype=header["label_type"])
    estimator.parameters_ = Parameters(*(jnp.asarray(arrays[f"parameters.{name}"]) for name in Parameters._fields))
    state = {field.name: arrays[f"preprocessing.{field.name}"] for field in fields(Preprocessing)}
    estimator.preprocessing_ = Preprocessing(**state)
    prefix = "history."
    estimator.history_ = History.from_arrays(
        {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    )
    estimator.n_features_in_ = estimator.preprocessing_.mean.size
    if header["feature_names"] is not None:
        estimator.feature_names_in_ = np.array(header["feature_names"], dtype=object)
    schema = None if header["schema"] is None else Schema.from_dict(header["schema"])
    return Model(estimator, schema, header["versions"])


def _storable(classes: npt.NDArray[Any]) -> tuple[list[Any], str]:
    """Return the labels as JSON can hold them, and the name of their NumPy type."""
    labels = classes.tolist()
    if not all(isinstance(label, (str, bool, int, float)) for label in labels):
        raise InvalidDataError(
            "the model cannot be saved",
            why=f"its labels are of type {type(labels[0]).__name__}",
            resolution="train with labels that are texts, booleans or numbers",
        )
    return labels, "object" if classes.dtype.kind == "O" else classes.dtype.str


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
