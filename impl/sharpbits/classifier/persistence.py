"""The file of a trained model, without pickle: what is written comes back with the same bits."""

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

from sharpbits.classifier.data.schema import Schema
from sharpbits.classifier.errors import InvalidDataError
from sharpbits.classifier.fitted import Fitted
from sharpbits.classifier.history import History
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.classifier.parameters import Parameters
from sharpbits.classifier.preprocessing import Preprocessing
from sharpbits.container import read_container, write_container
from sharpbits.errors import DamagedFileError
from sharpbits.wide_types import wide_types

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

#: What the names of the history's arrays begin with.
_HISTORY = "history."

#: Settings of one run of ``fit`` rather than of the model.
_NOT_STORED = ("random_state", "checkpoint", "checkpoint_every", "resume", "progress")


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Attributes
    ----------
    hyperparameters
        Those of the model; those of its run are not stored, but the seed.
    fitted
        What came of them.
    schema
        The table it was trained on; None where it was trained on arrays.
    versions
        Of the packages it was made with.
    """

    hyperparameters: Hyperparameters
    fitted: Fitted
    schema: Schema | None
    versions: Mapping[str, str]


def write_model(path: Path, hyperparameters: Hyperparameters, fitted: Fitted, schema: Schema | None = None) -> None:
    """Write a trained classifier.

    Raises
    ------
    InvalidDataError
        Its labels are of a kind that the file cannot hold.
    SharpbitsError
        The file cannot be written.
    """
    labels, kind = _storable(fitted.classes)
    kept = sorted({field.name for field in fields(Hyperparameters)}.difference(_NOT_STORED))
    header = {
        "settings": {name: getattr(hyperparameters, name) for name in kept},
        "seed": fitted.seed,
        "mode": fitted.mode,
        "device": fitted.device,
        "threshold": fitted.threshold.hex(),
        "labels": labels,
        "label_type": kind,
        "feature_names": None if fitted.feature_names is None else list(fitted.feature_names),
        "schema": None if schema is None else schema.as_dict(),
        "versions": _versions(),
    }
    arrays = {f"parameters.{name}": np.asarray(value) for name, value in fitted.parameters._asdict().items()}
    arrays |= {f"preprocessing.{name}": value for name, value in fitted.preprocessing.arrays().items()}
    arrays |= {f"{_HISTORY}{name}": value for name, value in fitted.history.arrays().items()}
    write_container(path, KIND, header, arrays)


def read_model(path: Path) -> Stored:
    """Read a trained classifier.

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


def _rebuilt(header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Stored:
    names = header["feature_names"]
    history = {name.removeprefix(_HISTORY): array for name, array in arrays.items() if name.startswith(_HISTORY)}
    fitted = Fitted(
        classes=np.array(header["labels"], dtype=header["label_type"]),
        feature_names=None if names is None else tuple(names),
        seed=header["seed"],
        mode=header["mode"],
        device=header["device"],
        preprocessing=Preprocessing(*(arrays[f"preprocessing.{field.name}"] for field in fields(Preprocessing))),
        parameters=Parameters(*(jnp.asarray(arrays[f"parameters.{name}"]) for name in Parameters._fields)),
        threshold=float.fromhex(header["threshold"]),
        history=History.from_arrays(history),
    )
    schema = None if header["schema"] is None else Schema.from_dict(header["schema"])
    # An unknown name, written by a later version, is a TypeError here and so a file that cannot be read.
    hyperparameters = Hyperparameters(**header["settings"], random_state=fitted.seed)
    return Stored(hyperparameters, fitted, schema, header["versions"])


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
