"""A variational quantum classifier that trains right, and fast.

>>> from sharpbits.classifier import QuantumClassifier
>>> QuantumClassifier(qubits=4, mode="native")
QuantumClassifier(mode='native', qubits=4)

How a row becomes a label: ``data`` reads tables, ``preprocessing`` makes angles of features, ``modes`` compute the
``circuit`` and its gradient (``gradients``, ``fused``), ``loss`` and ``optimisers`` say what a step is, ``training``
runs the epochs (``batching``, ``checkpoint``, ``progress``), ``threshold`` draws the line, ``estimator`` puts it
together for scikit-learn. ``hyperparameters`` is what it is told, ``fitted`` what comes of it, ``persistence`` the file
of both, ``model`` the estimator with its table; ``evaluation`` and ``plots`` tell how good it is, and ``commands`` are
``sharpbits train`` and ``sharpbits evaluate``.

What ``__all__`` names here is public, and so is what a subpackage's names; a module's other names are for its siblings.
"""

from sharpbits.classifier.data import LabelNames, Schema, embedded_table, read_table, sample_rows, split_rows
from sharpbits.classifier.errors import (
    DivergenceError,
    InvalidDataError,
    InvalidTypeError,
    UnavailableError,
    UnsupportedError,
    UntrainedError,
)
from sharpbits.classifier.estimator import QuantumClassifier
from sharpbits.classifier.evaluation import Evaluation, evaluate
from sharpbits.classifier.fitted import Fitted
from sharpbits.classifier.gradients import mean_loss_and_gradient, values_and_gradients
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.classifier.model import Model, load, save
from sharpbits.classifier.modes import DEVICES, MODES, Mode, choose, get_mode
from sharpbits.classifier.parameters import Parameters, initial_parameters
from sharpbits.classifier.plots import plot
from sharpbits.classifier.preprocessing import Preprocessing
from sharpbits.classifier.threshold import best_threshold
from sharpbits.classifier.training import Part, Schedule, Settings, train
from sharpbits.errors import DamagedFileError

__all__ = [
    "DEVICES",
    "MODES",
    "DamagedFileError",
    "DivergenceError",
    "Evaluation",
    "Fitted",
    "Hyperparameters",
    "InvalidDataError",
    "InvalidTypeError",
    "LabelNames",
    "Mode",
    "Model",
    "Parameters",
    "Part",
    "Preprocessing",
    "QuantumClassifier",
    "Schedule",
    "Schema",
    "Settings",
    "UnavailableError",
    "UnsupportedError",
    "UntrainedError",
    "best_threshold",
    "choose",
    "embedded_table",
    "evaluate",
    "get_mode",
    "initial_parameters",
    "load",
    "mean_loss_and_gradient",
    "plot",
    "read_table",
    "sample_rows",
    "save",
    "split_rows",
    "train",
    "values_and_gradients",
]
