"""The progress bar of a fit: starts, iterations or chains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Is given how much is done, of how much, and the figure that is watched.
Report = Callable[[int, int, float], None]

_WATCHED = {
    "ml": ("starts", "log-likelihood"),
    "svgd": ("iterations", "drive"),
    "nuts": ("chains", "acceptance"),
}


@contextmanager
def progress_bar(method: str) -> Iterator[Report]:
    """Show a bar on stderr, if it is a terminal, for as long as the block lasts, and yield what moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from sharpbits.console import console

    unit, watched = _WATCHED[method]
    columns = (
        TextColumn(unit),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    shown_on = console(stderr=True)
    with Progress(*columns, console=shown_on, transient=True, disable=not shown_on.is_terminal) as progress:
        task = progress.add_task("compiling", total=None)

        def report(done: int, total: int, figure: float) -> None:
            progress.update(task, completed=done, total=total, description=f"{watched} {figure:.6g}")

        yield report
