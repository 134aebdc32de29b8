"""The commands of the classifier: ``train``, ``evaluate``. Only typer is imported before one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sharpbits.extras import needs_extra


def register_classifier(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (train, evaluate):
        app.command()(command)


def train(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]", help="CSV, TSV, Parquet, .npy or .npz; default: the embedded breast cancer table."
        ),
    ] = None,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column of labels; .npz: y.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="MODEL", help="Write the trained model to this file.")] = None,
    positive: Annotated[
        str, typer.Option(metavar="LABEL", help="The positive class; default: the later in order.")
    ] = "",
    drop: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Not a feature; repeatable.")] = None,
    missing: Annotated[str, typer.Option(help="Missing values: error, or median of the training part.")] = "error",
    rows: Annotated[int, typer.Option(min=0, help="Use a seeded sample of so many rows; 0: all.")] = 0,
    test: Annotated[float, typer.Option(help="Share of the rows to hold out for the test.")] = 0.2,
    validation: Annotated[float, typer.Option(help="Share of the rest for the threshold and stopping early.")] = 0.2,
    mode: Annotated[str, typer.Option(help="vmap, map, native, fused, or auto.")] = "auto",
    device: Annotated[str, typer.Option(help="lightning.qubit, lightning.gpu, default.qubit, or auto.")] = "auto",
    c_dtype: Annotated[str, typer.Option(help="lightning.gpu: complex64 or complex128.")] = "",
    use_async: Annotated[bool, typer.Option("--use-async", help="lightning.gpu: asynchronous execution.")] = False,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    qubits: Annotated[
        int, typer.Option(min=0, help="Wires, and components; 0: 8, or as many as there are features.")
    ] = 0,
    layers: Annotated[int, typer.Option(min=1, help="Layers of rotations and CNOTs.")] = 2,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training part.")] = 50,
    batch: Annotated[int, typer.Option(min=1, help="Rows a step.")] = 32,
    optimiser: Annotated[str, typer.Option(help="adam, sgd or momentum.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="Step of the optimiser.")] = 0.05,
    patience: Annotated[int, typer.Option(min=0, help="Stop after so many epochs without progress; 0: never.")] = 0,
    threshold: Annotated[str, typer.Option(help="balanced_accuracy, f1, or a probability.")] = "balanced_accuracy",
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    checkpoint: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the run here, to go on later.")] = None,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Epochs between checkpoints.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
) -> None:
    """Train a variational quantum classifier, and hold it against logistic regression on the same split."""
    with needs_extra("a classifier cannot be trained", "classifier"):
        from sharpbits.classifier.commands import TrainRequest, run_train
        from sharpbits.classifier.hyperparameters import Hyperparameters
        from sharpbits.classifier.threshold import criterion_or_probability

    request = TrainRequest(
        data=data,
        target=target or None,
        out=out,
        positive=positive or None,
        drop=tuple(drop or ()),
        rows=rows,
        test=test,
        hyperparameters=Hyperparameters(
            missing=missing,
            validation_fraction=validation,
            mode=mode,
            device=device,
            device_options=({"c_dtype": c_dtype} if c_dtype else {}) | ({"use_async": True} if use_async else {}),
            dtype=dtype,
            qubits=qubits or None,
            layers=layers,
            epochs=epochs,
            batch_size=batch,
            optimiser=optimiser,
            learning_rate=learning_rate,
            patience=patience or None,
            threshold=criterion_or_probability(threshold),
            random_state=seed,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            resume=resume,
            progress=True,
        ),
    )
    raise typer.Exit(run_train(request))


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `sharpbits train --out` wrote.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A table with the columns the model was trained on.")],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw ROC, loss curve and decisions: .png, .svg or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document instead of the table.")] = False,
) -> None:
    """Tell how good a trained classifier is on a table: accuracy, ROC AUC, confusion matrix, calibration."""
    with needs_extra("a classifier cannot be evaluated", "classifier"):
        from sharpbits.classifier.commands import run_evaluate

    raise typer.Exit(run_evaluate(model, data, plot_file=plot, as_json=as_json))
