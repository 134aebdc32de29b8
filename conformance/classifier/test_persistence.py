"""A model in a file: the same bits after loading, in another process too; a damaged file is an error, never a model."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.classifier import DamagedFileError, LabelNames, QuantumClassifier, Schema, UntrainedError, load, save
from sharpbits.container import read_container, write_container
from sharpbits.errors import SharpbitsError, UsageError

Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def features() -> Array:
    return np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture(scope="module")
def trained(features: Array) -> QuantumClassifier:
    labels = np.where(features.sum(axis=1) > 0, "yes", "no")
    return QuantumClassifier(qubits=2, epochs=5, random_state=3, patience=4).fit(features, labels)


@pytest.fixture(scope="module")
def content(trained: QuantumClassifier, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("model") / "model"
    trained.save(file)
    return file.read_bytes()


def test_a_loaded_model_answers_with_the_same_bits(trained: QuantumClassifier, features: Array, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    loaded = QuantumClassifier.load(tmp_path / "model")
    assert loaded.decision_function(features).tobytes() == trained.decision_function(features).tobytes()
    assert loaded.predict_proba(features).tobytes() == trained.predict_proba(features).tobytes()
    assert np.array_equal(loaded.predict(features), trained.predict(features))
    assert loaded.classes_.dtype == trained.classes_.dtype
    assert loaded.history_.losses == trained.history_.losses
    assert loaded.get_params()["qubits"] == 2


def test_a_fresh_process_answers_with_the_same_bits(
    trained: QuantumClassifier, features: Array, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    np.save(tmp_path / "features.npy", features)
    code = (
        "import numpy as np; from sharpbits.classifier import QuantumClassifier;"
        f"model = QuantumClassifier.load({str(tmp_path / 'model')!r});"
        f"features = np.load({str(tmp_path / 'features.npy')!r});"
        "print(model.decision_function(features).tobytes().hex(), *model.predict(features))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    decisions, *labels = done.stdout.split()
    assert decisions == trained.decision_function(features).tobytes().hex()
    assert labels == list(trained.predict(features))


def test_saving_twice_gives_the_same_file(trained: QuantumClassifier, content: bytes, tmp_path: Path) -> None:
    save(trained, tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == content
    load(tmp_path / "other").estimator.save(tmp_path / "again")
    header, arrays = read_container(tmp_path / "other", "model")
    other_header, other_arrays = read_container(tmp_path / "again", "model")
    assert header == other_header
    assert {name: array.tobytes() for name, array in arrays.items()} == {
        name: array.tobytes() for name, array in other_arrays.items()
    }


@given(data=st.data())
def test_a_file_cut_short_anywhere_is_an_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(content) - 1))
    file = tmp_path_factory.getbasetemp() / "cut"
    file.write_bytes(content[:length])
    with pytest.raises(DamagedFileError):
        load(file)


@given(data=st.data())
def test_a_file_with_any_byte_changed_is_an_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    file = tmp_path_factory.getbasetemp() / "changed"
    file.write_bytes(bytes(changed))
    with pytest.raises(DamagedFileError):
        load(file)


@given(garbage=st.binary(max_size=200))
def test_bytes_that_are_no_model_are_an_error(garbage: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "garbage"
    file.write_bytes(garbage)
    with pytest.raises(DamagedFileError, match="begins with"):
        load(file)


def test_the_error_of_a_damaged_file_says_what_is_wrong_with_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.write_bytes(content[:-1])
    with pytest.raises(DamagedFileError, match="does not have the SHA-256 it was written with") as error:
        load(file)
    assert str(file) in str(error.value)
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none")


class Malicious:
    def __reduce__(self) -> tuple[Callable[[str], NoReturn], tuple[str]]:
        return (sys.exit, ("code of the file was run",))


def test_nothing_in_a_file_is_ever_unpickled(content: bytes, tmp_path: Path) -> None:
    """A file with a valid digest whose array is a pickle that would end this process."""
    file = tmp_path / "model"
    archive_of = tmp_path / "archive.zip"
    archive_of.write_bytes(content.split(b"\n", 2)[2])
    with zipfile.ZipFile(archive_of) as members:
        header = members.read("header.json")
    with zipfile.ZipFile(archive_of, "w") as members:
        members.writestr("header.json", header)
        members.writestr("parameters.weights.npy", pickle.dumps(Malicious()))
    archive = archive_of.read_bytes()
    file.write_bytes(content.split(b"\n")[0] + b"\n" + hashlib.sha256(archive).hexdigest().encode() + b"\n" + archive)
    with pytest.raises(DamagedFileError, match="allow_pickle"):
        load(file)


def test_a_file_of_another_kind_or_with_parts_missing_is_an_error(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_container(file, "checkpoint", {}, {})
    with pytest.raises(DamagedFileError, match="begins with 'sharpbits checkpoint 1'"):
        load(file)
    write_container(file, "model", {"settings": {}}, {})
    with pytest.raises(DamagedFileError, match="KeyError"):
        load(file)
    file.write_bytes(content.replace(b"sharpbits model 1", b"sharpbits model 9", 1))
    with pytest.raises(DamagedFileError, match="sharpbits model 9"):
        load(file)


def test_the_file_names_its_versions_and_its_table(trained: QuantumClassifier, tmp_path: Path) -> None:
    schema = Schema(("a", "b", "c"), "d", LabelNames("no", "yes"))
    save(trained, tmp_path / "model", schema=schema)
    model = load(tmp_path / "model")
    assert model.schema == schema
    assert {"python", "sharpbits", "jax", "numpy", "scikit-learn"} <= set(model.versions)
    header, _ = read_container(tmp_path / "model", "model")
    assert json.loads(json.dumps(header)) == header


@pytest.mark.parametrize("labels", [[False, True], [0, 1], [-1.0, 1.0], ["a", "bc"]])
def test_labels_keep_their_kind(features: Array, labels: list[Any], tmp_path: Path) -> None:
    truth = np.asarray(labels)[(features[:, 0] > 0).astype(int)]
    for kind in (truth.dtype, object) if isinstance(labels[0], str) else (truth.dtype,):
        model = QuantumClassifier(qubits=2, epochs=1, random_state=0).fit(features, truth.astype(kind))
        model.save(tmp_path / "model")
        loaded = QuantumClassifier.load(tmp_path / "model")
        assert loaded.predict(features).dtype == model.predict(features).dtype
        assert loaded.predict(features).tolist() == model.predict(features).tolist()


def test_an_untrained_model_and_a_bad_place_are_errors(trained: QuantumClassifier, tmp_path: Path) -> None:
    with pytest.raises(UntrainedError):
        QuantumClassifier().save(tmp_path / "model")
    with pytest.raises(SharpbitsError, match="could not be written"):
        trained.save(tmp_path / "none" / "model")
    assert list(tmp_path.iterdir()) == []
