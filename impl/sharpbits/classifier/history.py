"""What happened during training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass
class History:
    """One entry an epoch.

    Attributes
    ----------
    step_losses
        ``[steps]`` an epoch: the mean loss of each batch, before its update.
    validation_losses
        The loss of the validation part after the epoch; empty without one.
    seconds
        How long the epoch took, until its results were there.
    """

    step_losses: list[npt.NDArray[Any]] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs were run."""
        return len(self.step_losses)

    @property
    def losses(self) -> list[float]:
        """The mean of each epoch's step losses."""
        return [float(np.mean(losses, dtype=np.float64)) for losses in self.step_losses]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the entries by name, as arrays to store."""
        return {
            "step_losses": np.array(self.step_losses),
            "validation_losses": np.array(self.validation_losses, dtype=np.float64),
            "seconds": np.array(self.seconds, dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]]) -> History:
        """Rebuild what :meth:`arrays` returned."""
        return cls(list(arrays["step_losses"]), arrays["validation_losses"].tolist(), arrays["seconds"].tolist())
