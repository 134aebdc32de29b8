"""Checks of plain JSON: each takes a value and returns it typed, or says what it is instead of what was wanted.

``parse`` reads a text as JSON that every report and every encoding can pass on; then ``Part`` and the checks look at
what stands in it.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from packaging.utils import is_normalized_name
from packaging.version import InvalidVersion, Version

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


#: Deeper than this a document is none of ours: a finding's values nest 64 deep at most, in lists of rows and cells.
_DEPTH = 80
#: No name of ours is longer: a path at most.
_LONGEST = 500


def parse(text: str) -> object:
    """Read JSON: numbers that a double can hold, texts without lone surrogates, a bounded depth.

    Raises
    ------
    ValueError
        It is no such JSON.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error
    _look_into(value, 0)
    return value


def _look_into(value: object, depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError("it nests too deep")
    if isinstance(value, dict):
        for key, one in value.items():
            _look_into(key, depth + 1)
            _look_into(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _look_into(one, depth + 1)
    elif isinstance(value, str):
        value.encode()  # its error, too, is a ValueError
    elif isinstance(value, int) and not _holds(value):
        raise ValueError(f"{reprlib.repr(value)} is beyond double precision")


def _refuse_constant(name: str) -> float:
    """Refuse what Python reads, and JSON does not know."""
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """Read a number that a double can hold."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{reprlib.repr(text)} is beyond double precision")
    return number


#: The place of a whole document.
DOCUMENT = "the document"


class Part:
    """One object of a document.

    Parameters
    ----------
    place
        Where it stands there; None where whoever asked for it says so (see :meth:`get`).
    """

    def __init__(self, value: object, place: str | None = None) -> None:
        if not isinstance(value, dict):
            error = refused(value, "an object")
            raise error if place is None else ValueError(f"{place} {error}")
        self.value, self.place = value, place

    def get(self, name: str, check: Callable[[object], _T]) -> _T:
        """Return a value that passed a check.

        Raises
        ------
        ValueError
            It is absent, or the check refuses it.
        """
        place = self._inside(name)
        if name not in self.value:
            raise ValueError(f"there is no {place}")
        try:
            return check(self.value[name])
        except ValueError as error:
            raise ValueError(f"{place} {error}") from error

    def parts(self, name: str, read: Callable[[Part], _T]) -> tuple[_T, ...]:
        """Read a list of objects."""
        found = []
        for number, one in enumerate(self.get(name, items)):
            found.append(read(Part(one, f"{self._inside(name)}[{number}]")))
        return tuple(found)

    def _inside(self, name: str) -> str:
        return brief(name) if self.place in (None, DOCUMENT) else f"{self.place}.{brief(name)}"


def brief(name: str) -> str:
    """Return a name as it is, where it is one that our documents have; of any other its beginning and its end."""
    return name if name.isprintable() and len(name) <= _LONGEST else reprlib.repr(name)


def refused(value: object, wanted: str) -> ValueError:
    """Return the error of a value that is not what was wanted."""
    return ValueError(f"is {reprlib.repr(value)}, not {wanted}")


def text(value: object) -> str:
    """Require any text."""
    if not isinstance(value, str):
        raise refused(value, "a text")
    return value


def anything(value: object) -> Any:
    """Require nothing."""
    return value


def number(value: object) -> float:
    """Require a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _holds(value):
        raise refused(value, "a number")
    return value


def _holds(value: float) -> bool:
    """Tell whether a double can hold it."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def count(value: object) -> int:
    """Require a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refused(value, "a whole number of at least 1")
    return value


def flag(value: object) -> bool:
    """Require true or false."""
    if not isinstance(value, bool):
        raise refused(value, "true or false")
    return value


def items(value: object) -> list[object]:
    """Require a list of anything."""
    if not isinstance(value, list):
        raise refused(value, "a list")
    return value


def number_or_name(value: object) -> float | str:
    """Require a finite number, or ``"nan"`` or ``"inf"``."""
    return value if isinstance(value, str) and value in ("nan", "inf") else number(value)


def moment(value: object) -> datetime:
    """Require a moment with its time zone, in UTC."""
    wanted = "a moment with its time zone"
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError as error:  # its own text repeats the whole value
        raise refused(value, wanted) from error
    if found.tzinfo is None:
        raise refused(value, wanted)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise refused(value, "a moment of our time") from error


def release(value: object) -> str:
    """Require a version."""
    try:
        Version(text(value))
    except InvalidVersion as error:  # its own text repeats the whole value
        raise refused(value, "a version") from error
    return text(value)


def package(value: object) -> str:
    """Require the normalized name of a package."""
    if not is_normalized_name(text(value)):
        raise refused(value, "the name of a package")
    return text(value)


def one_of(kind: type[_E]) -> Callable[[object], _E]:
    """Return the check of a word of a vocabulary."""

    def check(value: object) -> _E:
        found = next((one for one in kind if one == value), None)
        if found is None:
            raise refused(value, f"one of {', '.join(kind)}")
        return found

    return check


def or_none(check: Callable[[object], _T]) -> Callable[[object], _T | None]:
    """Return the check of what may be null."""
    return lambda value: None if value is None else check(value)


def each(check: Callable[[object], _T]) -> Callable[[object], tuple[_T, ...]]:
    """Return the check of a list, item by item."""
    return lambda value: tuple(check(one) for one in items(value))


def mapped(key: Callable[[object], str], check: Callable[[object], _T]) -> Callable[[object], dict[Any, _T]]:
    """Return the check of an object, key by key."""

    def checked(value: object) -> dict[Any, _T]:
        if not isinstance(value, dict):
            raise refused(value, "an object")
        return {key(name): check(one) for name, one in value.items()}

    return checked
