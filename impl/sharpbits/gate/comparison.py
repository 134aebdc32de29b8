"""Hold a stored run of the gates against a reference: what became slower, what went missing, what is new."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sharpbits.errors import UsageError
from sharpbits.gate.bounds import compare_medians
from sharpbits.gate.storage import MACHINE_FACTS, STORED, StoredRun

#: Slower than the reference by more than this factor …
DEFAULT_FACTOR = 1.05
#: … and this unlikely to be chance: both, for a regression.
DEFAULT_ALPHA = 0.01


class Change(StrEnum):
    """What became of one benchmark."""

    SLOWER = "slower"
    MISSING = "missing"
    #: A time is NaN, infinite or negative, or their median zero: nothing can be said, so nothing has passed.
    INCOMPARABLE = "incomparable"
    FASTER = "faster"
    SAME = "same"
    NEW = "new"

    @property
    def fails(self) -> bool:
        """Whether it makes the gate fail."""
        return self in (Change.SLOWER, Change.MISSING, Change.INCOMPARABLE)


@dataclass(frozen=True)
class Row:
    """One benchmark, then and now."""

    name: str
    change: Change
    #: What was compared: ``"relative to the peer"`` or ``"seconds"``; empty where there was nothing to compare.
    measure: str = ""
    factor: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    reference_median: float | None = None
    new_median: float | None = None


def compare_runs(
    reference: StoredRun,
    new: StoredRun,
    *,
    factor: float = DEFAULT_FACTOR,
    alpha: float = DEFAULT_ALPHA,
    thresholds: Mapping[str, float] | None = None,
    cross_machine: bool = False,
) -> list[Row]:
    """Compare benchmark by benchmark, what fails first.

    A benchmark with a peer is judged by its time relative to the peer's in the same round, which no drift of the
    machine touches; one without by its seconds. ``slower`` needs both a median above the threshold and a
    Mann-Whitney test.

    Parameters
    ----------
    thresholds
        Factor by benchmark name; it goes before the one stored with the benchmark, that before ``factor``.
    cross_machine
        Compare figures of two machines: then ratios to a peer only, benchmarks without one are left out.

    Raises
    ------
    UsageError
        The machines differ and ``cross_machine`` was not asked for, or a threshold names no benchmark.
    """
    thresholds = thresholds or {}
    unknown = sorted(set(thresholds) - new.benchmarks.keys() - reference.benchmarks.keys())
    if unknown:
        raise UsageError(
            "a threshold names no benchmark",
            why=", ".join(unknown),
            resolution="use the full names, as the comparison lists them",
        )
    if reference.machine != new.machine and not cross_machine:
        differing = [fact for fact in MACHINE_FACTS if reference.machine[fact] != new.machine[fact]]
        raise UsageError(
            "figures of two machines are not compared",
            why="; ".join(f"{fact}: {reference.machine[fact]} then, {new.machine[fact]} now" for fact in differing),
            resolution="measure a reference here, or compare ratios alone with --cross-machine",
        )
    rows = []
    for name in sorted(reference.benchmarks.keys() | new.benchmarks.keys()):
        if name not in new.benchmarks:
            rows.append(Row(name, Change.MISSING))
        elif name not in reference.benchmarks:
            figures = relative_times(new.benchmarks[name]) or new.benchmarks[name]["stats"]["data"]
            rows.append(Row(name, Change.NEW if _comparable(figures) else Change.INCOMPARABLE))
        else:
            row = _compare(
                name,
                reference.benchmarks[name],
                new.benchmarks[name],
                factor=thresholds.get(name, _stored_threshold(new.benchmarks[name]) or factor),
                alpha=alpha,
                ratios_only=cross_machine,
            )
            if row is not None:
                rows.append(row)
    order = list(Change)
    return sorted(rows, key=lambda row: (order.index(row.change), row.name))


def _compare(
    name: str, old: dict[str, Any], new: dict[str, Any], *, factor: float, alpha: float, ratios_only: bool
) -> Row | None:
    before, after = relative_times(old), relative_times(new)
    measure = "relative to the peer"
    if before is None or after is None:
        if ratios_only:
            return None
        before, after, measure = old["stats"]["data"], new["stats"]["data"], "seconds"
    if not (_comparable(before) and _comparable(after)):
        return Row(name, Change.INCOMPARABLE, measure)
    slower, faster = compare_medians(before, after), compare_medians(after, before)
    change = Change.SAME
    if slower.factor > factor and slower.p_value < alpha:
        change = Change.SLOWER
    elif faster.factor > factor and faster.p_value < alpha:
        change = Change.FASTER
    return Row(
        name,
        change,
        measure,
        slower.factor,
        slower.p_value,
        factor,
        statistics.median(before),
        statistics.median(after),
    )


def _comparable(times: Sequence[float]) -> bool:
    return all(math.isfinite(time) and time >= 0 for time in times) and statistics.median(times) > 0


def relative_times(benchmark: dict[str, Any]) -> list[float] | None:
    """Return our time over the peer's, round by round; None without a peer."""
    stored = benchmark.get("extra_info", {}).get(STORED)
    if not stored:
        return None
    return [own / other for own, other in zip(stored["ours_times"], stored["theirs_times"], strict=True)]


def package_changes(reference: StoredRun, new: StoredRun) -> dict[str, tuple[str | None, str | None]]:
    """Return the packages whose versions differ: the first suspects when something became slower."""
    before, after = reference.environment.get("packages", {}), new.environment.get("packages", {})
    names = sorted(before.keys() | after.keys())
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _stored_threshold(benchmark: dict[str, Any]) -> float | None:
    stored = benchmark.get("extra_info", {}).get(STORED) or {}
    threshold = stored.get("threshold")
    return None if threshold is None else float(threshold)
