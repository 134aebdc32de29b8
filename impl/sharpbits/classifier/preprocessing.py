"""From features to angles: fill, standardise, project onto the components that vary with the label, scale.

Everything is fitted on the training part alone, and its state is a handful of arrays.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from sklearn.cross_decomposition import PLSRegression
from sklearn.preprocessing import StandardScaler

from sharpbits.classifier.errors import InvalidDataError
from sharpbits.errors import UsageError

Floats = npt.NDArray[np.float64]

MISSING_POLICIES = ("error", "median")
#: Radians for one standard deviation of a score: outliers at ten deviations still stay within half a turn.
ANGLE_PER_DEVIATION = 0.3


@dataclass(frozen=True)
class Preprocessing:
    """The fitted transformation.

    Attributes
    ----------
    fill
        ``[features]``: what a missing value is replaced by; NaN where missing values are an error.
    mean, scale
        ``[features]``: of the standardisation; a constant feature has scale 1.
    rotation
        ``[features, components]``: from standardised features to scores of partial least squares.
    spread
        ``[components]``: standard deviation of the scores; 1 for a component that does not vary.
    """

    fill: Floats
    mean: Floats
    scale: Floats
    rotation: Floats
    spread: Floats

    @classmethod
    def fit(cls, features: Floats, labels: npt.ArrayLike, components: int, *, missing: str = "error") -> Preprocessing:
        """Fit to the training part.

        Method: medians of what is present; ``StandardScaler``; ``PLSRegression`` of the labels on the standardised
        features (NIPALS), its ``x_rotations_``; standard deviations of the scores. Where fewer components explain the
        labels exactly, the remaining ones are zero.

        Parameters
        ----------
        features
            ``[rows, features]``, missing values as NaN.
        labels
            ``[rows]`` of 0 and 1.
        components
            How many angles a row becomes, at most the number of features and of rows.
        missing
            ``error``, or ``median``: fill with the training part's median of the feature.

        Raises
        ------
        UsageError
            There is no such policy.
        InvalidDataError
            Too many components, missing values where they are an error, or a feature that has none.
        """
        check_policy(missing)
        rows, width = features.shape
        if not 1 <= components <= min(rows, width):
            raise InvalidDataError(
                "the features cannot be reduced",
                why=f"{components} components were asked for, of data with n_samples = {rows} (training part), "
                f"{width} feature(s)",
                resolution="ask for fewer qubits, or give more features and rows",
            )
        fill = np.full(width, np.nan) if missing == "error" else _medians(features)
        filled = _filled(features, fill)
        scaler = StandardScaler().fit(filled)
        standard = (filled - scaler.mean_) / scaler.scale_
        pls = PLSRegression(n_components=components, scale=False)
        with warnings.catch_warnings():
            # The labels are explained before all components are used: the rest are zero, as documented above.
            warnings.filterwarnings("ignore", message="y residual is constant", category=UserWarning)
            pls.fit(standard, np.asarray(labels, dtype=np.float64))
        spread = (standard @ pls.x_rotations_).std(axis=0)
        spread[spread < 1e-12] = 1.0
        return cls(fill, scaler.mean_, scaler.scale_, pls.x_rotations_, spread)

    def transform(self, features: Floats) -> Floats:
        """Return angles in radians, ``[rows, components]``.

        Raises
        ------
        InvalidDataError
            The number of features differs, or a value is missing where that is an error.
        """
        if features.ndim != 2 or features.shape[1] != self.mean.size:
            raise InvalidDataError(
                "the features cannot be transformed",
                why=f"they have shape {features.shape}",
                resolution=f"give rows of {self.mean.size} features",
            )
        scores = ((_filled(features, self.fill) - self.mean) / self.scale) @ self.rotation
        angles: Floats = ANGLE_PER_DEVIATION * scores / self.spread
        return angles

    def arrays(self) -> dict[str, Floats]:
        """Return the state by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def check_policy(missing: str) -> None:
    """Make sure that a policy for missing values exists.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    if missing not in MISSING_POLICIES:
        raise UsageError(
            "no such policy for missing values",
            why=f"{missing!r} is none of {', '.join(MISSING_POLICIES)}",
            resolution="name one of them",
        )


def _medians(features: Floats) -> Floats:
    empty = np.flatnonzero(np.isnan(features).all(axis=0))
    if empty.size:
        raise InvalidDataError(
            "missing values cannot be filled",
            why=f"feature {empty[0]} has no value at all in the training part",
            resolution="leave that column out",
        )
    return np.nanmedian(features, axis=0)


def _filled(features: Floats, fill: Floats) -> Floats:
    absent = np.isnan(features)
    if not absent.any():
        return features
    if np.isnan(fill[absent.any(axis=0)]).any():
        row, column = np.argwhere(absent)[0]
        raise InvalidDataError(
            "a value is missing",
            why=f"row {row} has NaN in feature {column}",
            resolution="fill it in or drop the row, or ask for missing='median' (--missing median) at training",
            row=int(row),
            feature=int(column),
        )
    return np.where(absent, fill, features)
