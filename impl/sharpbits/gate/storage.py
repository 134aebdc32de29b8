"""Runs of the gates as pytest-benchmark stores them (``pytest perf --benchmark-json=FILE``), read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharpbits.errors import UsageError

#: Under this key a contest's figures stand in pytest-benchmark's ``extra_info``, the environment in ``machine_info``.
STORED = "sharpbits"

#: What must be equal for seconds to be comparable.
MACHINE_FACTS = ("machine", "cpu", "cores", "gpus")

_VERDICTS = ("passes", "fails", "undecided")


@dataclass(frozen=True)
class StoredRun:
    """One JSON file that pytest-benchmark wrote, with sharpbits' environment in it."""

    path: Path
    when: str
    environment: dict[str, Any]
    benchmarks: dict[str, dict[str, Any]]

    @property
    def machine(self) -> dict[str, Any]:
        """What must be equal for seconds to be comparable."""
        return {fact: self.environment.get(fact) for fact in MACHINE_FACTS}


def load_run(path: Path) -> StoredRun:
    """Read a run that ``pytest perf --benchmark-json=FILE`` stored.

    Figures that are no numbers to compare (NaN, infinite) are not an error here: the comparison fails by them.

    Raises
    ------
    UsageError
        Not such a file, or one without benchmarks, as when they were disabled.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        environment = _mapping(document["machine_info"][STORED], f"machine_info.{STORED}")
        _mapping(environment.get("packages", {}), f"machine_info.{STORED}.packages")
        benchmarks = _by_name(document["benchmarks"])
        when = str(document["datetime"])
        for name, one in benchmarks.items():
            _check_benchmark(name, one)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            "stored figures cannot be read",
            why=f"{type(error).__name__}: {error}",
            resolution="store a run with `pytest perf --benchmark-json=FILE`",
            path=path,
        ) from error
    if not benchmarks:
        raise UsageError(
            "stored figures are empty",
            why="no benchmark ran: they were disabled (xdist and --benchmark-disable do that) or deselected",
            resolution="run the gates serially: pytest perf --benchmark-json=FILE, without -n",
            path=path,
        )
    return StoredRun(path, when, environment, benchmarks)


def _by_name(listed: Any) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for one in listed:
        if one["fullname"] in found:
            raise ValueError(f"two benchmarks are called {one['fullname']!r}")
        found[one["fullname"]] = one
    return found


def _check_benchmark(name: Any, one: dict[str, Any]) -> None:
    """Make sure that all a comparison takes from a benchmark is there: ValueError names what is not."""
    if not isinstance(name, str):
        raise ValueError(f"a benchmark's fullname is {name!r}")
    name.encode()  # a lone surrogate, which JSON can spell, could not be printed
    _times(_mapping(one.get("stats"), f"{name}: stats").get("data"), f"{name}: stats.data")
    claim = _mapping(one.get("extra_info", {}), f"{name}: extra_info").get(STORED)
    if claim is None:
        return
    place = f"{name}: extra_info.{STORED}"
    _mapping(claim, place)
    ours, theirs = (_times(claim.get(key), f"{place}.{key}") for key in ("ours_times", "theirs_times"))
    if len(ours) != len(theirs):
        raise ValueError(f"{place}: {len(ours)} times of ours, {len(theirs)} of the peer's, where each round has both")
    if any(time <= 0 for time in theirs):
        raise ValueError(f"{place}: a time of the peer is not above zero")
    if claim.get("verdict") not in _VERDICTS:
        raise ValueError(f"{place}.verdict is {claim.get('verdict')!r}, none of {', '.join(_VERDICTS)}")
    for key in ("speedup", "at_least"):
        _number(claim.get(key), f"{place}.{key}")
    threshold = claim.get("threshold")
    if threshold is not None and not _number(threshold, f"{place}.threshold") > 0:
        raise ValueError(f"{place}.threshold is {threshold}")


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {_kind(value)}, not an object")
    return value


def _times(value: Any, place: str) -> list[float]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"{place} is {_kind(value)}, not a list of times")
    return [_number(one, place) for one in value]


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{place} has an entry {_kind(value)} where a number belongs")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{place} has a number too large") from None


def _kind(value: Any) -> str:
    if value is None:
        return "absent or null"
    return "an empty list" if value == [] else f"of type {type(value).__name__}"
