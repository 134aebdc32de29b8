"""The progress bar of a training run: epoch, loss, rows a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sharpbits.classifier.history import History

#: Called after every epoch, with everything up to it and the number of rows of an epoch.
Report = Callable[[History, int], None]


def silent(history: History, rows: int) -> None:
    """Report nothing."""


@contextmanager
def progress_bar(epochs: int) -> Iterator[Report]:
    """Show a bar on stderr for as long as the block lasts, and yield what moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("compiling", total=epochs)

        def report(history: History, rows: int) -> None:
            described = f"loss {history.losses[-1]:.4f} · {rows / history.seconds[-1]:,.0f} samples/s"
            progress.update(task, completed=history.epochs, description=described)

        yield report
