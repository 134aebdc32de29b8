"""Two results that must be the same before their times are worth comparing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sharpbits.errors import SharpbitsError


class DisagreementError(SharpbitsError):
    """Two contestants did not compute the same."""


def assert_agreement(ours: Any, theirs: Any, *, rtol: float, atol: float) -> None:
    """Compare two results leaf by leaf: ``|ours - theirs| <= atol + rtol * |theirs|``, shapes equal, NaN nowhere.

    Mappings, lists and tuples are walked; a leaf is whatever NumPy makes an array of (JAX and torch arrays among them).

    Raises
    ------
    DisagreementError
        Names the first place that differs, and by how much.
    """
    _compare(ours, theirs, rtol, atol, "result")


def _compare(ours: Any, theirs: Any, rtol: float, atol: float, place: str) -> None:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        if ours.keys() != theirs.keys():
            raise _disagreement(place, f"keys {sorted(ours)} against {sorted(theirs)}", rtol, atol)
        for key in ours:
            _compare(ours[key], theirs[key], rtol, atol, f"{place}[{key!r}]")
    elif _is_sequence(ours) and _is_sequence(theirs):
        if len(ours) != len(theirs):
            raise _disagreement(place, f"{len(ours)} against {len(theirs)} parts", rtol, atol)
        for index, (own, other) in enumerate(zip(ours, theirs, strict=True)):
            _compare(own, other, rtol, atol, f"{place}[{index}]")
    else:
        _compare_arrays(_array(ours), _array(theirs), rtol, atol, place)


def _compare_arrays(ours: np.ndarray, theirs: np.ndarray, rtol: float, atol: float, place: str) -> None:
    if ours.shape != theirs.shape:
        raise _disagreement(place, f"shape {ours.shape} against {theirs.shape}", rtol, atol)
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise _disagreement(place, "a value is not finite", rtol, atol)
    excess = np.abs(ours - theirs) - (atol + rtol * np.abs(theirs))
    if (excess > 0).any():
        worst = float(np.abs(ours - theirs).max())
        raise _disagreement(place, f"they differ by up to {worst:.3g}", rtol, atol)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a torch tensor, perhaps on a GPU, perhaps with a graph
        value = value.detach().cpu()
    array = np.asarray(value)
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)


def _disagreement(place: str, why: str, rtol: float, atol: float) -> DisagreementError:
    return DisagreementError(
        "the contestants do not compute the same, so their times say nothing",
        why=f"{place}: {why}",
        resolution="correct the wrong one, or state the tolerance that the arithmetic allows",
        rtol=rtol,
        atol=atol,
    )
