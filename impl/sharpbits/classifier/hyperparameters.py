"""What a classifier can be told, in one typed value: the command line fills it, an estimator is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sharpbits.classifier.training import Schedule


@dataclass(kw_only=True, eq=False)
class Hyperparameters(Schedule):
    """What is chosen before anything is fitted. A field added here is a parameter of the estimator and kept in files.

    Not frozen, and compared by identity: scikit-learn sets the parameters of an estimator, and hashes it.

    Attributes
    ----------
    epochs, batch_size, optimiser, learning_rate, patience, checkpoint, checkpoint_every, resume
        See :class:`sharpbits.classifier.training.Schedule`.
    qubits
        How many components and wires; None: 8, or the number of features if that is less.
    layers
        Layers of rotations and CNOTs. One is too few: the ring leaves wire 0, the first component, unread (for two
        wires or more); every wire is read from two layers on.
    mode, device, device_options
        How the circuit is computed: see :func:`sharpbits.classifier.modes.choose`.
    dtype
        ``float32`` or ``float64``.
    validation_fraction
        Share of the rows to split off, class by class, for the threshold and for stopping early; 0: none.
    threshold
        ``balanced_accuracy`` or ``f1``: maximise it on the validation part. A number between 0 and 1: the
        probability from which on a row is positive. A threshold maximised on a small validation part follows its
        outliers: on the 91 rows of the embedded table it costs some seeds several points that 0.5 does not.
    missing
        ``error``, or ``median``: fill with the training part's median.
    random_state
        Seed of everything that is drawn.
    progress
        Show a progress bar on stderr.
    """

    qubits: int | None = None
    layers: int = 2
    mode: str = "auto"
    device: str = "auto"
    device_options: Mapping[str, object] | None = None
    dtype: str = "float32"
    validation_fraction: float = 0.2
    threshold: str | float = "balanced_accuracy"
    missing: str = "error"
    random_state: Any = None
    progress: bool = False
