"""Read a table: CSV, TSV, Parquet, or NumPy's ``.npy`` and ``.npz``."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.classifier.errors import InvalidDataError
from sharpbits.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".tsv", ".parquet", ".npy", ".npz")


def read_table(path: Path) -> pd.DataFrame:
    """Return a table with text for column names.

    CSV entries stay text, to be read by the rules of :mod:`sharpbits.classifier.data.columns`. A ``.npy`` file is one
    array ``[rows, columns]``, its columns called ``"0"``, ``"1"``, …; a ``.npz`` file has the features as ``X``, whose
    columns are called the same, and any further arrays ``[rows]`` under their own names, e.g. ``y``.

    Raises
    ------
    UsageError
        There is no such file, or its suffix is unknown.
    InvalidDataError
        It cannot be read, or it has no rows.
    """
    import pandas as pd

    if not path.is_file():
        raise UsageError("the data cannot be read", why=f"{path} is not a file", resolution="name a file that exists")
    if path.suffix not in SUFFIXES:
        raise UsageError(
            "the data cannot be read",
            why=f"the suffix of {path.name} is none of {', '.join(SUFFIXES)}",
            resolution="convert it to one of these",
        )
    try:
        if path.suffix in (".csv", ".tsv"):
            separator = "\t" if path.suffix == ".tsv" else ","
            table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, na_filter=False)
        elif path.suffix == ".parquet":
            table = pd.read_parquet(path, engine="pyarrow")
        else:
            table = _arrays(path)
    except (
        ValueError,
        OSError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
    ) as error:  # pandas' and Arrow's are ValueErrors
        raise InvalidDataError(
            "the data cannot be read",
            why=" ".join(f"{type(error).__name__}: {error}".split())[:300],
            resolution=f"give a well-formed {path.suffix} file",
            path=path,
        ) from error
    table.columns = [str(name) for name in table.columns]
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated) or not len(table):
        raise InvalidDataError(
            "the table cannot be used",
            why=f"two columns are called {repeated[0]!r}" if len(repeated) else "it has no rows",
            resolution="give every column a name of its own" if len(repeated) else "give a table with rows",
            path=path,
        )
    return table


def _arrays(path: Path) -> pd.DataFrame:
    import pandas as pd

    # Opened here: NumPy leaves a file that it cannot read open.
    with path.open("rb") as stream:
        loaded = np.load(stream, allow_pickle=False)
        arrays = {"X": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    table = pd.DataFrame(_matrix(arrays.pop("X")))
    for name, array in arrays.items():
        if array.shape != (len(table),):
            raise ValueError(f"array {name!r} has shape {array.shape}, and X has {len(table)} rows")
        table[name] = array
    return table


def _matrix(array: np.ndarray) -> np.ndarray:
    if array.ndim != 2:
        raise ValueError(f"the array has {array.ndim} dimensions, not 2")
    return array
