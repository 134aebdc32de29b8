"""What training leaves behind: the one value that ``fit`` makes, a file holds, and predictions are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from sharpbits.classifier.history import History
from sharpbits.classifier.parameters import Parameters
from sharpbits.classifier.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class Fitted:
    """All that was fitted, whole or not at all.

    Attributes
    ----------
    classes
        The two labels; the second is the positive class.
    feature_names
        The names of the columns it was fitted on; None where they had none.
    seed
        What everything was drawn with.
    mode, device
        What the circuit was computed with; never ``auto``.
    preprocessing, parameters
        From features to angles, and from angles to a logit.
    threshold
        The logit from which on a row is positive.
    history
        Of the epochs.
    """

    classes: npt.NDArray[Any]
    feature_names: tuple[str, ...] | None
    seed: int
    mode: str
    device: str
    preprocessing: Preprocessing
    parameters: Parameters
    threshold: float
    history: History
