"""One figure of a model: its ROC curve, the loss over the epochs, and its decisions by class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from sharpbits.classifier.data.labels import LabelNames
from sharpbits.classifier.history import History
from sharpbits.figures import check_figure_target, write_figure


def plot(path: Path, labels: npt.ArrayLike, decisions: npt.ArrayLike, names: LabelNames, history: History) -> None:
    """Draw the figure and write it; its format is the file's suffix.

    Parameters
    ----------
    path
        ``.png``, ``.svg`` or ``.pdf``.
    labels, decisions
        ``[rows]`` of 0 and 1, and what ``decision_function`` says of them.
    names
        Of the two classes.
    history
        Of the training.

    Raises
    ------
    UsageError
        The file cannot be of that name.
    """
    from matplotlib.figure import Figure
    from sklearn.metrics import roc_auc_score, roc_curve

    check_figure_target(path, "the plot cannot be written")
    truth, decided = np.asarray(labels), np.asarray(decisions)
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    roc, loss, histogram = figure.subplots(1, 3)

    false_positive, true_positive, _ = roc_curve(truth, decided)
    roc.plot(false_positive, true_positive, label=f"area {roc_auc_score(truth, decided):.3f}")
    roc.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="chance")
    roc.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC", aspect="equal")
    roc.legend(loc="lower right")

    epochs = np.arange(1, history.epochs + 1)
    loss.plot(epochs, history.losses, label="training")
    if history.validation_losses:
        loss.plot(epochs, history.validation_losses, label="validation")
    loss.set(xlabel="epoch", ylabel="cross entropy", title="loss", yscale="log")
    loss.legend()

    edges = np.histogram_bin_edges(decided, bins=30)
    for code, name in enumerate((names.negative, names.positive)):
        histogram.hist(decided[truth == code], bins=edges, alpha=0.6, label=name)
    histogram.axvline(0, color="0.3", linewidth=1)
    histogram.set(xlabel="logit - threshold", ylabel="rows", title="decisions")
    histogram.legend()

    write_figure(figure, path)
