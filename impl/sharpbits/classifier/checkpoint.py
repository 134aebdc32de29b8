"""A training run on disk between two epochs: from it, the run goes on as if it had never stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from sharpbits.classifier.history import History
from sharpbits.classifier.modes import State
from sharpbits.classifier.parameters import Parameters
from sharpbits.container import read_container, write_container
from sharpbits.errors import DamagedFileError, UsageError

KIND = "checkpoint"


@dataclass
class Run:
    """Everything that the next epoch depends on, and what the run has to show so far.

    Attributes
    ----------
    state
        Parameters and the optimiser's state.
    key
        The key of the random permutations, before the next epoch's.
    best, best_loss, stale
        For early stopping: the best parameters, their validation loss, and the number of epochs since.
    history
        Of the epochs that are done.
    """

    state: State
    key: jax.Array
    best: Parameters
    best_loss: float
    stale: int
    history: History


def digest(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """Return one SHA-256 for shapes, types and bytes of some arrays."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(f"{array.shape} {array.dtype.str}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def save_run(path: Path, run: Run, identity: Mapping[str, Any]) -> None:
    """Write a run atomically, with the settings and data that make it this run.

    Raises
    ------
    SharpbitsError
        The file cannot be written.
    """
    leaves = jax.tree.leaves((run.state, run.best))
    arrays = {f"leaf{number:04d}": np.asarray(leaf) for number, leaf in enumerate(leaves)}
    arrays |= {"key": np.asarray(jax.random.key_data(run.key))} | run.history.arrays()
    header = {"identity": dict(identity), "best_loss": repr(run.best_loss), "stale": run.stale, "leaves": len(leaves)}
    write_container(path, KIND, header, arrays)


def load_run(path: Path, like: Run, identity: Mapping[str, Any]) -> Run:
    """Read a run back, every bit as it was.

    Parameters
    ----------
    like
        A run of the same settings, for its structure.
    identity
        The settings and data of the run that is to go on.

    Raises
    ------
    UsageError
        There is no such file, or it is of a run with other settings or data.
    DamagedFileError
        It is not an intact checkpoint.
    """
    header, arrays = read_container(path, KIND)
    other = [
        f"{name} is {header['identity'].get(name)!r} there and {wanted!r} here"
        for name, wanted in identity.items()
        if header["identity"].get(name) != wanted
    ]
    if other:
        raise UsageError(
            "the run cannot be resumed",
            why="the checkpoint is of another run: " + "; ".join(other),
            resolution="resume with the settings and data it was started with, or start anew without resume",
            checkpoint=path,
        )
    leaves, structure = jax.tree.flatten((like.state, like.best))
    stored = [arrays[f"leaf{number:04d}"] for number in range(header["leaves"])]
    if [(a.shape, a.dtype) for a in stored] != [(leaf.shape, leaf.dtype) for leaf in leaves]:
        raise DamagedFileError(
            "the run cannot be resumed",
            why="the checkpoint's arrays are not those of this optimiser and circuit",
            resolution="start anew without resume",
            checkpoint=path,
        )
    state, best = jax.tree.unflatten(structure, [jax.numpy.array(array) for array in stored])
    return Run(
        state=state,
        key=jax.random.wrap_key_data(jax.numpy.array(arrays["key"])),
        best=best,
        best_loss=float(header["best_loss"]),
        stale=header["stale"],
        history=History.from_arrays(arrays),
    )
