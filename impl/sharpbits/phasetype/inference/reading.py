"""Read observations from a table of comma-separated values.

What the columns are called says what they are, in any order:

===========================  ===================================================================================
``time``                     a time that was seen
``time``, ``event``          and whether it was seen: 1, or 0 where absorption came later (right-censored)
``lower``, ``upper``         a time in (lower, upper]; an empty lower end: at upper or before, an empty upper end or
                             inf: after lower; both the same: exactly then
``count``, besides           how many times
===========================  ===================================================================================

A table of one column may do without its name. Empty lines, and lines that begin with ``#``, say nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from sharpbits.errors import UsageError
from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.inference.errors import DataError
from sharpbits.phasetype.inference.observations import Observations

_LAYOUTS = (("time",), ("time", "event"), ("lower", "upper"))
_KNOWN = ("time", "event", "lower", "upper", "count")


def read_observations(path: Path) -> Observations:
    """Read a table of observations.

    Raises
    ------
    UsageError
        There is no such file, or it cannot be read.
    DataError
        Its columns are none of those above, or an entry is none; it says in which line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "the observations cannot be read",
            why=str(error),
            resolution="name a text file that you may read",
            path=path,
        ) from error
    try:
        return _Table(path, _rows(text)).observations()
    except DataError as error:
        error.context.setdefault("path", path)
        raise


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines that say something, with their numbers."""
    reader = csv.reader(text.splitlines(), strict=True, skipinitialspace=True)
    rows = []
    try:
        for row in reader:
            entries = [entry.strip() for entry in row]
            if any(entries) and not entries[0].startswith("#"):
                rows.append((reader.line_num, entries))
    except csv.Error as error:
        _refuse(str(error), "give comma-separated values", line=reader.line_num)
    return rows


class _Table:
    """The rows of a file by the names of their columns."""

    def __init__(self, path: Path, rows: list[tuple[int, list[str]]]) -> None:
        if not rows:
            _refuse("the file has no rows", "give a table with a column called time, or with columns lower and upper")
        first = rows[0][1]
        if len(first) == 1 and _is_number(first[0]):
            names = ["time"]
        else:
            names, rows = [name.lower() for name in first], rows[1:]
            self._check_names(names)
        if not rows:
            _refuse("the file has names of columns, and no rows", "give a table with rows")
        for line, entries in rows:
            if len(entries) != len(names):
                _refuse(
                    f"the line has {len(entries)} entries, and there are {len(names)} columns",
                    "give every line an entry for each column",
                    line=line,
                )
        self.path = path
        self.lines = [line for line, _ in rows]
        self.columns = {name: [entries[at] for _, entries in rows] for at, name in enumerate(names)}

    @staticmethod
    def _check_names(names: Sequence[str]) -> None:
        layout = tuple(name for name in _KNOWN if name in names and name != "count")
        if layout not in _LAYOUTS or len(set(names)) < len(names) or set(names) - set(_KNOWN):
            _refuse(
                f"its columns are {shown(list(names))}",
                "name them time, or time and event, or lower and upper; and count where one line is several times",
            )

    def observations(self) -> Observations:
        count = self.read("count", _number) if "count" in self.columns else [1.0] * len(self.lines)
        if "time" in self.columns:
            lower = self.read("time", _number)
            event = self.read("event", _event) if "event" in self.columns else [1.0] * len(self.lines)
            upper = [time if seen else np.inf for time, seen in zip(lower, event, strict=True)]
            for line, time in zip(self.lines, lower, strict=True):
                if not 0 <= time < np.inf:
                    _refuse(f"{time} is no time", "give finite times of at least 0", line=line)
        else:
            lower = self.read("lower", lambda entry: _number(entry) if entry else -np.inf)
            upper = self.read("upper", lambda entry: _number(entry) if entry else np.inf)
        try:
            return Observations(*(np.array(column, dtype=np.float64) for column in (lower, upper, count)))
        except DataError as error:
            at = error.context.pop("observation", None)
            if isinstance(at, int):
                error.context["line"] = self.lines[at]
            raise

    def read(self, name: str, meaning: Callable[[str], float]) -> list[float]:
        values = []
        for line, entry in zip(self.lines, self.columns[name], strict=True):
            try:
                values.append(meaning(entry))
            except ValueError:
                wanted = "0 or 1" if name == "event" else "a number"
                _refuse(f"{name} is {shown(entry)}", f"give {wanted}", line=line)
        return values


def _is_number(entry: str) -> bool:
    try:
        _number(entry)
    except ValueError:
        return False
    return True


def _number(entry: str) -> float:
    if "_" in entry:  # Python would read 1_000
        raise ValueError(entry)
    value = float(entry)
    if np.isnan(value):
        raise ValueError(entry)
    return value


def _event(entry: str) -> float:
    if entry not in ("0", "1"):
        raise ValueError(entry)
    return float(entry)


def _refuse(why: str, resolution: str, **context: object) -> NoReturn:
    raise DataError("the observations cannot be read", why=why, resolution=resolution, **context)
