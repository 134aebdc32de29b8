"""What ``sharpbits train`` and ``sharpbits evaluate`` do: read, split, train or load, and say how good it is."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from sharpbits.classifier.data import (
    EMBEDDED_TARGET,
    Schema,
    embedded_table,
    read_table,
    sample_rows,
    split_rows,
)
from sharpbits.classifier.estimator import QuantumClassifier
from sharpbits.classifier.evaluation import Evaluation, evaluate
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.classifier.model import load, save
from sharpbits.console import logged_on_stderr
from sharpbits.errors import UsageError
from sharpbits.figures import check_figure_target
from sharpbits.files import check_targets

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TrainRequest:
    """The options of one ``train``.

    Attributes
    ----------
    data, target, positive, drop, rows
        The table (None: the embedded one), its label column, positive class, columns to leave out, sample size.
    test
        Share of the rows held out for the test.
    hyperparameters
        Of the classifier.
    out
        Where to write the model; None: nowhere.
    """

    data: Path | None = None
    target: str | None = None
    out: Path | None = None
    positive: str | None = None
    drop: tuple[str, ...] = ()
    rows: int = 0
    test: float = 0.2
    hyperparameters: Hyperparameters = field(default_factory=Hyperparameters)


def run_train(request: TrainRequest) -> int:
    """Train, print the test accuracy beside that of logistic regression, write the model; return the exit status.

    Raises
    ------
    SharpbitsError
        The request or the data cannot be used; told before anything is trained where it can be known.
    """
    settings = request.hyperparameters
    targets = {"--out": request.out, "--checkpoint": settings.checkpoint_file}
    check_targets(targets, "the model cannot be written", inputs=[request.data])
    seed = 0 if settings.random_state is None else int(settings.random_state)
    table, target = _table(request)
    if request.rows:
        table = table.iloc[sample_rows(len(table), request.rows, seed)].reset_index(drop=True)
    schema = Schema.of(table, target, drop=request.drop, positive=request.positive)
    features, labels = schema.feature_values(table), schema.label_codes(table)
    rest, test = split_rows(labels, request.test, seed)
    estimator = QuantumClassifier.of(settings)
    start = time.perf_counter()
    with logged_on_stderr("sharpbits.classifier"):
        estimator.fit(features[rest], labels[rest])
    seconds = time.perf_counter() - start
    if request.out is not None:
        save(estimator, request.out, schema=schema)
    peer = _logistic_regression(features[rest], labels[rest], missing=estimator.missing)
    ours, theirs = estimator.score(features[test], labels[test]), peer.score(features[test], labels[test])
    history = estimator.history_
    # The first epoch compiles.
    steady = history.seconds[1:] or history.seconds
    lines = [
        f"trained   mode {estimator.mode_} on {estimator.device_}, {estimator.dtype}: {history.epochs} epochs of "
        f"{estimator.training_rows_} rows in {seconds:.1f} s, "
        f"{estimator.training_rows_ / float(np.median(steady)):,.0f} samples/s",
        f"loss      {history.losses[-1]:.4f} training"
        + (f", {history.validation_losses[-1]:.4f} validation" if history.validation_losses else ""),
        f"classes   {schema.labels.negative} (0), {schema.labels.positive} (1)",
        f"threshold probability {1 / (1 + np.exp(-estimator.threshold_)):.3f}",
        f"test accuracy on {len(test)} rows: {ours:.4f}",
        f"logistic regression, same split: {theirs:.4f}",
    ]
    if request.out is not None:
        lines.append(f"model     {request.out}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_evaluate(model_file: Path, data: Path, *, plot_file: Path | None = None, as_json: bool = False) -> int:
    """Evaluate a model on a table, print the figures, draw the plot; return the exit status.

    Raises
    ------
    SharpbitsError
        The model or the data cannot be used, or the plot cannot be written.
    """
    if plot_file is not None:
        check_figure_target(plot_file, "the plot cannot be written", inputs=[model_file, data])
    model = load(model_file)
    if model.schema is None:
        raise UsageError(
            "the model cannot be evaluated on a table",
            why="it was trained on arrays and knows no column names",
            resolution="train it with `sharpbits train`, or evaluate it in Python",
        )
    table = read_table(data)
    features, labels = model.schema.feature_values(table), model.schema.label_codes(table)
    decisions = model.estimator.decision_function(features)
    result = evaluate(labels, decisions, model.estimator.predict_proba(features)[:, 1])
    if plot_file is not None:
        from sharpbits.classifier.plots import plot

        plot(plot_file, labels, decisions, model.schema.labels, model.estimator.history_)
    if as_json:
        sys.stdout.write(json.dumps(result.as_dict(), indent=1) + "\n")
    else:
        _print(result, model.schema)
    return 0


def _table(request: TrainRequest) -> tuple[pd.DataFrame, str]:
    if request.data is None:
        return embedded_table(), request.target or EMBEDDED_TARGET
    target = request.target or ("y" if request.data.suffix == ".npz" else None)
    if target is None:
        raise UsageError(
            "the training cannot start",
            why="the column of labels is not named",
            resolution="name it: --target COLUMN",
        )
    return read_table(request.data), target


def _logistic_regression(features: Any, labels: Any, *, missing: str) -> Any:
    """Return the peer: scikit-learn's, standardised, on the same rows (with those that we validate on)."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [SimpleImputer(strategy="median")] if missing == "median" else []
    return make_pipeline(*steps, StandardScaler(), LogisticRegression(max_iter=10_000)).fit(features, labels)


def _print(result: Evaluation, schema: Schema) -> None:
    figures = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (
        ("rows", str(result.rows)),
        ("accuracy", f"{result.accuracy:.4f}"),
        ("balanced accuracy", f"{result.balanced_accuracy:.4f}"),
        ("ROC AUC", f"{result.roc_auc:.4f}"),
        ("Brier score", f"{result.brier:.4f}"),
        ("calibration error", f"{result.calibration_error:.4f}"),
    ):
        figures.add_row(name, value)
    confusion = Table(title="confusion matrix", box=None, title_justify="left", pad_edge=False)
    for heading in ("truth", f"said {schema.labels.negative}", f"said {schema.labels.positive}"):
        confusion.add_column(heading, justify="left" if heading == "truth" else "right")
    for name, counts in zip((schema.labels.negative, schema.labels.positive), result.confusion, strict=True):
        confusion.add_row(name, *map(str, counts))
    calibration = Table(title="calibration", box=None, title_justify="left", pad_edge=False)
    for heading in ("rows", "mean probability", f"share {schema.labels.positive}"):
        calibration.add_column(heading, justify="right")
    for part in result.calibration:
        calibration.add_row(str(part.rows), f"{part.probability:.3f}", f"{part.positive:.3f}")
    console = Console()
    console.print(figures, "", confusion, "", calibration, sep="\n")
