"""Read what a finding reports of itself: the JSON object that is the last line of its stdout, held to its contract.

A NaN or an infinity is an observation like any other. JSON has neither, so from here on they are the texts ``"nan"``,
``"inf"`` and ``"-inf"``, however the finding wrote them: every document that they end up in stays valid.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from sharpbits.catalogue.outcome import Outcome
from sharpbits.errors import escaped

_REQUIRED_KEYS = frozenset({"outcome", "observed", "expected", "error", "tolerance"})
_OPTIONAL_KEYS = frozenset({"detail"})
_MUST_EXCEED = frozenset({Outcome.WRONG_VALUE, Outcome.WRONG_GRADIENT, Outcome.WRONG_DTYPE})
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
#: How deep a result's values may nest: those of an array of that many dimensions.
_DEPTH = 64


class MalfunctionError(Exception):
    """The run says nothing of the packages under test, mostly by the file's own fault; one line says why."""

    def __init__(self, why: str) -> None:
        super().__init__(escaped(why))


@dataclass(frozen=True)
class Reported:
    """A finding's result. Its values hold JSON's types only, and neither NaN nor infinities."""

    outcome: Outcome
    observed: Any
    expected: Any
    #: ``"nan"`` or ``"inf"`` where it is no finite number; those are within no tolerance.
    error: float | str
    tolerance: float
    detail: str


def read_result(stdout: str) -> Reported:
    """Read the JSON object that is the last line of stdout, and no other.

    Raises
    ------
    MalfunctionError
        No result, several, or one that breaks the contract.
    """
    lines = [line for line in stdout.splitlines() if line.strip()]
    if not lines:
        raise MalfunctionError("printed no result: stdout is empty")
    results = sum(1 for line in lines if line.lstrip().startswith("{") and '"outcome"' in line)
    if results > 1:
        raise MalfunctionError(f"printed {results} results, one is wanted")
    try:
        result = json.loads(lines[-1], parse_constant=_NOT_FINITE.__getitem__, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise MalfunctionError(f"the last line of stdout is not a JSON result ({error}): {lines[-1][:80]!r}") from error
    if not isinstance(result, dict):
        raise MalfunctionError(f"the last line of stdout is not a JSON object: {lines[-1][:80]!r}")
    return _checked({_sound(key): _storable(value) for key, value in result.items()})


def _number(text: str) -> float | str:
    number = float(text)
    if math.isfinite(number):
        return number
    return "inf" if number > 0 else "-inf"  # 1e999: beyond double precision


def _storable(value: Any, depth: int = 0) -> Any:
    """Return the value as every report, cache and worker can pass it on: sound texts, bounded depth and size."""
    if depth > _DEPTH:
        raise MalfunctionError(f"the result's values nest more than {_DEPTH} deep")
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, dict):
        return {_sound(key): _storable(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_storable(one, depth + 1) for one in value]
    return value


def _sound(text: str) -> str:
    """Replace lone surrogates, which no encoding can write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _checked(result: dict[str, Any]) -> Reported:
    """Hold the reported object against its contract."""
    missing, unknown = _REQUIRED_KEYS - result.keys(), result.keys() - _REQUIRED_KEYS - _OPTIONAL_KEYS
    if missing or unknown:
        complaint = [f"lacks {', '.join(sorted(missing))}"] if missing else []
        complaint += [f"has unknown keys {', '.join(sorted(unknown))}"] if unknown else []
        raise MalfunctionError(f"the result {' and '.join(complaint)}")
    try:
        outcome = Outcome(result["outcome"])
    except ValueError as problem:
        raise MalfunctionError(f"the result's outcome {result['outcome']!r} is not one of the known ones") from problem
    error, tolerance, detail = result["error"], result["tolerance"], result.get("detail", "")
    if not _is_number(tolerance) or tolerance < 0:
        raise MalfunctionError(f"the result's tolerance {_brief(tolerance)} is not a number >= 0")
    if error not in ("nan", "inf") and (not _is_number(error) or error < 0):
        raise MalfunctionError(f"the result's error {_brief(error)} is neither a number >= 0 nor NaN or infinite")
    if not isinstance(detail, str):
        raise MalfunctionError("the result's detail is not a text")
    within = _is_number(error) and error <= tolerance
    if outcome is Outcome.OK and not within:
        raise MalfunctionError(f"the result says ok, but its error {error} exceeds its tolerance {tolerance}")
    if outcome in _MUST_EXCEED and within:
        raise MalfunctionError(f"the result says {outcome}, but its error {error} is within its tolerance {tolerance}")
    return Reported(outcome, result["observed"], result["expected"], error, tolerance, detail)


def _is_number(value: object) -> bool:
    """Tell a number that double precision can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _brief(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = "an integer beyond all bounds"
    return text if len(text) <= 60 else f"{text[:60]}…"
