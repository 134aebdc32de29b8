"""What was observed of the time until absorption: numbers, or intervals that contain them, each so many times.

>>> from sharpbits.phasetype.inference import Observations
>>> Observations.exact([0.5, 0.25, 0.5])
Observations(3: 3 exact, 0 in intervals, 0 right-censored)
>>> Observations.histogram([4, 1], edges=[0.0, 1.0, 2.0])
Observations(5: 0 exact, 5 in intervals, 0 right-censored)
>>> Observations.exact([0.5, 2.0], observed=[True, False])
Observations(2: 1 exact, 0 in intervals, 1 right-censored)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float64

from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.inference.errors import DataError

_WHAT = "the observations cannot be used"


@dataclass(frozen=True, eq=False, repr=False)
class Observations:
    """Times in ``(lower, upper]``, or exactly ``lower`` where both are the same; different ones, in ascending order.

    ``lower`` -inf: left-censored, at ``upper`` or before. ``upper`` inf: right-censored, after ``lower``.

    Parameters
    ----------
    lower, upper
        Of each observation.
    count
        How many times it was made: whole numbers of at least 1.

    Raises
    ------
    DataError
        Something is no number, the ends of an interval are the wrong way round, a time is negative, a count is not
        whole; or nothing was observed at all.
    """

    lower: Float64[np.ndarray, " different"]
    upper: Float64[np.ndarray, " different"]
    count: Float64[np.ndarray, " different"]

    def __post_init__(self) -> None:
        taken = {name: _numbers(name, getattr(self, name)) for name in ("lower", "upper", "count")}
        lower, upper, count = taken.values()
        for name in ("upper", "count"):
            if taken[name].shape != lower.shape:
                _refuse(
                    f"there are {len(lower)} lower ends, and of {name} {len(taken[name])}",
                    "give as many of each",
                )
        _check_each(
            (lower <= upper) & (lower < np.inf) & (upper >= 0) & ((lower >= 0) | (lower < upper)) & (upper > -np.inf),
            lambda at: f"({lower[at]}, {upper[at]}] is no interval of times",
            "give lower <= upper, and times that are not negative",
        )
        _check_each(
            (count >= 0) & (count == np.floor(count)) & (count < np.inf),
            lambda at: f"the count {count[at]} is not a whole number of at least 0",
            "give whole numbers",
        )
        if not count.sum():
            _refuse("nothing was observed", "give at least one observation")
        ends = np.stack([np.where(lower < 0, -np.inf, lower), upper], axis=1)
        rows, group = np.unique(ends[count > 0], axis=0, return_inverse=True)
        total = np.bincount(group.reshape(-1), count[count > 0])
        for name, values in (("lower", rows[:, 0]), ("upper", rows[:, 1]), ("count", total)):
            values = np.ascontiguousarray(values)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @classmethod
    def exact(
        cls, times: npt.ArrayLike, *, counts: npt.ArrayLike | None = None, observed: npt.ArrayLike | None = None
    ) -> Observations:
        """Return observations of times.

        Parameters
        ----------
        times
            ``[count]``.
        counts
            How many times each was observed; default: once.
        observed
            Whether absorption was seen at the time; where not, it came later (right-censored). Default: it was.
        """
        at = _numbers("times", times)
        _check_each(
            np.isfinite(at) & (at >= 0), lambda place: f"{at[place]} is no time", "give finite times of at least 0"
        )
        seen = np.ones(at.shape, bool) if observed is None else np.asarray(observed)
        if seen.dtype != bool or seen.shape != at.shape:
            _refuse(
                f"observed is {seen.dtype} of shape {seen.shape}", f"give {len(at)} truth values, one for each time"
            )
        return cls(at, np.where(seen, at, np.inf), np.ones(at.shape) if counts is None else _numbers("counts", counts))

    @classmethod
    def histogram(cls, counts: npt.ArrayLike, edges: npt.ArrayLike) -> Observations:
        """Return the observations that a histogram counts.

        Parameters
        ----------
        counts
            ``[bins]``.
        edges
            ``[bins + 1]``, ascending. As :func:`numpy.histogram` has them: a bin contains its lower end and not its
            upper, the last one contains both. The first may be -inf, the last inf: then that bin is censored.
        """
        of_bins, ends = _numbers("counts", counts), _numbers("edges", edges)
        if len(ends) != len(of_bins) + 1:
            _refuse(f"there are {len(of_bins)} bins and {len(ends)} edges", "give one edge more than bins")
        _check_each(
            ends[1:] > ends[:-1], lambda at: f"edge {ends[at + 1]} follows {ends[at]}", "give edges in ascending order"
        )
        if ends[0] < 0 and ends[0] != -np.inf:
            _refuse(f"the first edge is {ends[0]}", "begin with 0, or with -inf for times up to the second edge")
        # [a, b) is (a-, b-], with the numbers just before.
        before = np.nextafter(ends, -np.inf)
        last = ends[-1:] if np.isfinite(ends[-1]) else np.array([np.inf])
        return cls(before[:-1], np.concatenate([before[1:-1], last]), of_bins)

    def __add__(self, other: Observations) -> Observations:
        """Return the observations of both."""
        if not isinstance(other, Observations):
            return NotImplemented
        return Observations(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("lower", "upper", "count"))
        )

    @property
    def total(self) -> int:
        """The number of observations."""
        return int(self.count.sum())

    @property
    def is_exact(self) -> Bool[np.ndarray, " different"]:
        """Which are times and no intervals."""
        found: Bool[np.ndarray, " different"] = self.lower == self.upper
        return found

    @property
    def is_right_censored(self) -> Bool[np.ndarray, " different"]:
        """Which say only after when it was."""
        found: Bool[np.ndarray, " different"] = self.upper == np.inf
        return found

    @property
    def typical(self) -> float:
        """A time of the size of those observed: the mean, an interval counting as its middle, or its finite end."""
        lower, upper = np.maximum(self.lower, 0), np.where(self.is_right_censored, self.lower, self.upper)
        return float(np.average((lower + upper) / 2, weights=self.count))

    @property
    def largest(self) -> float:
        """The largest finite time that is named."""
        return float(np.max(np.where(self.is_right_censored, self.lower, self.upper)))

    @property
    def kinds(self) -> dict[str, int]:
        """How many there are of each kind."""
        exact = int(self.count[self.is_exact].sum())
        right = int(self.count[self.is_right_censored].sum())
        return {"exact": exact, "intervals": self.total - exact - right, "right_censored": right}

    def __repr__(self) -> str:
        exact, intervals, right = self.kinds.values()
        return f"Observations({self.total:,}: {exact:,} exact, {intervals:,} in intervals, {right:,} right-censored)"


def _numbers(name: str, given: npt.ArrayLike | Iterable[float]) -> Float64[np.ndarray, " length"]:
    try:
        found = np.asarray(given)
        if found.dtype.kind not in "iufb" or found.ndim != 1:
            raise ValueError
    except (ValueError, TypeError):
        _refuse(f"{name} is {shown(given)}", "give a list or one-dimensional array of numbers")
    numbers = found.astype(np.float64)
    _check_each(~np.isnan(numbers), lambda at: f"{name}[{at}] is NaN", "give numbers only")
    return numbers


def _check_each(valid: npt.NDArray[np.bool_], why: object, resolution: str) -> None:
    if not valid.all():
        at = int(np.argmin(valid))
        _refuse(why(at) if callable(why) else str(why), resolution, observation=at)


def _refuse(why: str, resolution: str, **context: object) -> NoReturn:
    raise DataError(_WHAT, why=why, resolution=resolution, **context)
