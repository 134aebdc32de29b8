"""Seeded choices of rows: a sample that is not the head, and a part that keeps the proportion of the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.errors import InvalidDataError
from sharpbits.classifier.precision import INDEX
from sharpbits.errors import UsageError

Rows = npt.NDArray[np.int64]


def sample_rows(rows: int, limit: int, seed: int) -> Rows:
    """Return ``limit`` of the row numbers, drawn without replacement, in ascending order; all if there are fewer.

    >>> len(sample_rows(100, 10, seed=0)), sample_rows(3, 10, seed=0).tolist()
    (10, [0, 1, 2])
    """
    if rows <= limit:
        return np.arange(rows, dtype=INDEX)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, size=limit, replace=False)).astype(INDEX)


def split_rows(labels: npt.ArrayLike, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split row numbers in two, class by class.

    Parameters
    ----------
    labels
        ``[rows]`` of 0 and 1.
    fraction
        The share of the second part, between 0 and 1; each class has at least one row in each part.

    Returns
    -------
    first, second
        Ascending row numbers; together every row once.

    Raises
    ------
    UsageError
        The fraction is not between 0 and 1.
    InvalidDataError
        A class has fewer than two rows.

    >>> first, second = split_rows([0, 0, 0, 0, 1, 1, 1, 1], 0.25, seed=0)
    >>> len(first), len(second)
    (6, 2)
    """
    if not 0 < fraction < 1:
        raise UsageError(
            "the rows cannot be split", why=f"the share {fraction} is not between 0 and 1", resolution="give e.g. 0.2"
        )
    coded = np.asarray(labels)
    generator = np.random.default_rng([seed, coded.size])
    second: list[Rows] = []
    for code in (0, 1):
        members = np.flatnonzero(coded == code).astype(INDEX)
        if members.size < 2:
            raise InvalidDataError(
                "the rows cannot be split",
                why=f"a class has {members.size} row(s), and each part needs one of each class",
                resolution="give more rows, or split nothing off",
                rows=coded.size,
            )
        size = min(max(round(fraction * members.size), 1), members.size - 1)
        second.append(generator.permutation(members)[:size])
    part = np.sort(np.concatenate(second))
    return np.setdiff1d(np.arange(coded.size, dtype=INDEX), part), part
