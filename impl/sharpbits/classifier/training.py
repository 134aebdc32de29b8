"""The training loop: epochs of fixed-shape batches on the device, early stopping, checkpoints, and no NaN unnoticed."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from sharpbits.classifier.batching import epoch_order, steps_of
from sharpbits.classifier.checkpoint import Run, digest, load_run, save_run
from sharpbits.classifier.errors import DivergenceError
from sharpbits.classifier.history import History
from sharpbits.classifier.loss import mean_loss
from sharpbits.classifier.modes import Mode, State
from sharpbits.classifier.optimisers import optimiser
from sharpbits.classifier.parameters import Parameters, initial_parameters
from sharpbits.classifier.progress import Report, silent
from sharpbits.errors import UsageError
from sharpbits.wide_types import wide_types

logger = logging.getLogger(__name__)

#: Rows that the circuit is evaluated for at once outside training: one shape, so one compilation.
ROWS_AT_ONCE = 256


@dataclass(kw_only=True, eq=False)
class Schedule:
    """What is asked of a training run, whatever the data and the seed.

    Attributes
    ----------
    epochs, batch_size
        Passes over the rows, and rows a step; the last batch of an epoch is padded with rows of weight 0.
    optimiser, learning_rate
        A name of :mod:`sharpbits.classifier.optimisers`, and its step.
    patience
        Stop after so many epochs without a lower validation loss, and keep the best parameters; None: never.
    checkpoint, checkpoint_every
        Where to write the run, and after how many epochs; None: nowhere.
    resume
        Go on from the checkpoint; without it an existing checkpoint is an error.
    """

    epochs: int = 50
    batch_size: int = 32
    optimiser: str = "adam"
    learning_rate: float = 0.05
    patience: int | None = None
    checkpoint: str | Path | None = None
    checkpoint_every: int = 1
    resume: bool = False

    @property
    def checkpoint_file(self) -> Path | None:
        """The checkpoint, however its path was given."""
        return None if self.checkpoint is None else Path(self.checkpoint)


@dataclass(kw_only=True, eq=False)
class Settings(Schedule):
    """How to train: what is asked for, and the seed of the initial parameters and the permutations."""

    seed: int = 0

    @classmethod
    def of(cls, schedule: Schedule, *, seed: int, rows: int) -> Settings:
        """Take what is asked for to a number of rows: no batch holds more than all of them."""
        settings = cls(seed=seed)
        for field in fields(Schedule):
            setattr(settings, field.name, getattr(schedule, field.name))
        settings.batch_size = min(settings.batch_size, rows)
        return settings

    def check(self, *, validated: bool) -> None:
        """Make sure that the settings can be used.

        Raises
        ------
        UsageError
            A number is not positive, patience has no validation part to go by, or the checkpoint is in the way.
        """
        for name in ("epochs", "batch_size", "checkpoint_every", "patience"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
                raise UsageError(
                    "the training cannot start", why=f"{name} is {value!r}", resolution="give a whole number above 0"
                )
        if self.patience is not None and not validated:
            raise UsageError(
                "the training cannot stop early",
                why="patience goes by the loss of a validation part, and there is none",
                resolution="split a validation part off, or leave patience out",
            )
        if self.resume and self.checkpoint is None:
            raise UsageError(
                "the run cannot be resumed", why="no checkpoint is named", resolution="name its file (--checkpoint)"
            )
        if self.checkpoint_file is not None and self.checkpoint_file.exists() and not self.resume:
            raise UsageError(
                "the checkpoint is in the way",
                why=f"{self.checkpoint} exists, and a new run would overwrite it",
                resolution="resume it (--resume), name another file, or delete it",
            )


@dataclass(frozen=True)
class Part:
    """Rows to train or validate on: ``angles[rows, wires]`` in radians, ``labels[rows]`` of 0 and 1."""

    angles: npt.NDArray[np.float64]
    labels: npt.NDArray[Any]


def train(
    mode: Mode, part: Part, settings: Settings, *, validation: Part | None = None, report: Report = silent
) -> tuple[Parameters, History]:
    """Train a classifier and return its parameters and what happened.

    Equal arguments on one machine give equal bits, interrupted and resumed or not.

    Raises
    ------
    UsageError
        The settings cannot be used, or a checkpoint is of another run.
    DamagedFileError
        The checkpoint is not intact.
    DivergenceError
        The loss is no longer finite; the error names the step and the batch.
    """
    settings.check(validated=validation is not None)
    with wide_types():
        return _train(mode, part, settings, validation, report)


def _train(
    mode: Mode, part: Part, settings: Settings, validation: Part | None, report: Report
) -> tuple[Parameters, History]:
    transform = optimiser(settings.optimiser, settings.learning_rate)
    initial = initial_parameters(mode.setup.layers, mode.setup.wires, mode.dtype, settings.seed)
    run = Run(
        state=State(initial, transform.init(initial)),
        key=jax.random.key(settings.seed),
        best=initial,
        best_loss=float("inf"),
        stale=0,
        history=History(),
    )
    identity = _identity(mode, part, settings, validation)
    checkpoint = settings.checkpoint_file
    if settings.resume and checkpoint is not None:
        run = load_run(checkpoint, run, identity)
        logger.info("resumed %s after epoch %d", checkpoint, run.history.epochs)
    angles, labels = jnp.asarray(part.angles, mode.dtype), jnp.asarray(part.labels, mode.dtype)
    rows = len(part.labels)
    # The optimiser's state may share memory with the best parameters, which outlive it.
    run.state = jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), run.state)
    epoch = mode.epoch(transform)
    while run.history.epochs < settings.epochs and not _gave_up(run, settings):
        start = time.perf_counter()
        run.key, key = jax.random.split(run.key)
        order, weights = epoch_order(key, rows, settings.batch_size, mode.setup.dtype)
        run.state, losses = jax.block_until_ready(  # type: ignore[no-untyped-call]
            epoch(run.state, angles, labels, order, weights)
        )
        run.history.seconds.append(time.perf_counter() - start)
        run.history.step_losses.append(np.asarray(losses))
        _check_finite(run, order, weights)
        if validation is not None:
            _validate(mode, run, validation)
        report(run.history, rows)
        if checkpoint is not None and run.history.epochs % settings.checkpoint_every == 0:
            save_run(checkpoint, run, identity)
    if _gave_up(run, settings):
        logger.info("stopped after epoch %d: no lower validation loss since", run.history.epochs)
    return (run.best if settings.patience is not None else run.state.parameters), run.history


def logits(mode: Mode, parameters: Parameters, angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return ``alpha * <Z0> + bias`` for each row of angles.

    The rows are evaluated in blocks of one shape, the last one padded, so that the number of rows compiles nothing.
    """
    values = np.empty(len(angles), mode.dtype)
    for start in range(0, len(angles), ROWS_AT_ONCE):
        block = angles[start : start + ROWS_AT_ONCE]
        padded = np.zeros((ROWS_AT_ONCE, angles.shape[1]), mode.dtype)
        padded[: len(block)] = block
        values[start : start + len(block)] = np.asarray(mode.expectation(parameters.weights, padded))[: len(block)]
    alpha, bias = np.asarray(parameters.alpha, mode.dtype), np.asarray(parameters.bias, mode.dtype)
    result: npt.NDArray[np.float64] = (alpha * values + bias).astype(np.float64)
    return result


def _validate(mode: Mode, run: Run, validation: Part) -> None:
    """Append the validation loss to the history, and remember the parameters if it is the lowest so far."""
    predicted = logits(mode, run.state.parameters, validation.angles)
    truth = jnp.asarray(validation.labels, jnp.float64)
    loss = float(mean_loss(jnp.asarray(predicted), truth, jnp.ones_like(truth)))
    run.history.validation_losses.append(loss)
    if loss < run.best_loss:
        # A copy: the next epoch reuses the memory of the state.
        run.best = Parameters(*(jnp.array(leaf, copy=True) for leaf in run.state.parameters))
        run.best_loss, run.stale = loss, 0
    else:
        run.stale += 1


def _gave_up(run: Run, settings: Settings) -> bool:
    return settings.patience is not None and run.stale >= settings.patience


def _check_finite(run: Run, order: jax.Array, weights: jax.Array) -> None:
    epoch = run.history.epochs
    losses = run.history.step_losses[-1]
    broken = np.flatnonzero(~np.isfinite(losses))
    batch = int(broken[0]) + 1 if broken.size else len(losses)
    if not broken.size and all(np.isfinite(np.asarray(leaf)).all() for leaf in run.state.parameters):
        return
    rows = np.asarray(order)[batch - 1][np.asarray(weights)[batch - 1] > 0]
    shown = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
    step = (epoch - 1) * len(losses) + batch
    what = f"the loss is {losses[batch - 1]}" if broken.size else "the parameters are no longer finite"
    raise DivergenceError(
        f"training stopped at step {step}",
        why=f"{what} in epoch {epoch}, batch {batch}, which holds the rows {shown} of the training part",
        resolution="lower the learning rate, or look at these rows for extreme values",
        epoch=epoch,
        step=step,
        batch=batch,
    )


def _identity(mode: Mode, part: Part, settings: Settings, validation: Part | None) -> dict[str, Any]:
    """Return what makes a run this run; how many epochs it is given does not."""
    held_out = [] if validation is None else [validation.angles, validation.labels]
    return {
        "mode": type(mode).__name__.lower(),
        "device": mode.setup.device,
        "options": [list(pair) for pair in mode.setup.options],
        "dtype": mode.setup.dtype,
        "layers": mode.setup.layers,
        "wires": mode.setup.wires,
        "steps": steps_of(len(part.labels), settings.batch_size),
        "batch_size": int(settings.batch_size),
        "optimiser": settings.optimiser,
        "learning_rate": float(settings.learning_rate),
        "patience": settings.patience,
        "seed": int(settings.seed),
        "jax": jax.__version__,
        "data": digest([part.angles, part.labels, *held_out]),
    }
