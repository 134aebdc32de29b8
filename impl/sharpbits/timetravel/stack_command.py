"""What ``sharpbits stack`` does: resolve a stack, print it, write its lock, build it; list and prune what was built."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from sharpbits.console import console
from sharpbits.errors import UsageError
from sharpbits.files import check_targets
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.report.plain_text import printable
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.lock import write_lock
from sharpbits.timetravel.requests import Source, When, find_stack
from sharpbits.timetravel.stack import Stack

_GIB = 2**30


def run_stack(when: When, wanted: Sequence[str], source: Source, *, output: Path | None, build: bool) -> int:
    """Resolve one stack and print it; with ``build`` the last line is the interpreter of its environment.

    Raises
    ------
    UsageError
        See :func:`find_stack`.
    UvError
        It cannot be resolved or built.
    """
    check_targets({"--output": output}, "the lock cannot be written", inputs=[when.file])
    try:
        with interruptible() as stop:
            stack, resolver = find_stack(when, wanted, source, stop)
            _print(stack)
            if output is not None:
                write_lock(stack, output)
            if build:
                interpreter = resolver.target.interpreter
                with EnvironmentCache.default().lease(stack, interpreter, source.options, stop) as python:
                    sys.stdout.write(f"{python}\n")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what was downloaded and installed is taken up again next time\n")
        return INTERRUPTED
    return 0


def list_environments() -> None:
    """Print the environments that were built, the one used last first."""
    cache = EnvironmentCache.default()
    entries = cache.entries()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("environment", "last used", "GiB", "stack"):
        table.add_column(heading, justify="right" if heading == "GiB" else "left", overflow="fold")
    for entry in entries:
        table.add_row(entry.digest, f"{entry.last_used:%Y-%m-%d %H:%M}", f"{entry.size / _GIB:.2f}", entry.origin)
    target = console()
    if entries:
        target.print(table)
    total = sum(entry.size for entry in entries) / _GIB
    target.print(
        f"{len(entries)} environments, {total:.1f} of at most {cache.limit / _GIB:.0f} GiB, in {cache.folder}",
        soft_wrap=True,
    )
    foreign = cache.left_alone()
    if foreign:
        names = ", ".join(printable(path.name) for path in foreign[:5]) + (", …" if len(foreign) > 5 else "")
        target.print(f"not ours, and left alone: {len(foreign)} ({names})", soft_wrap=True, markup=False)


def prune_environments(*, keep_gib: float) -> None:
    """Remove the environments not used for longest, until the others are within a size; those in use stay.

    Raises
    ------
    UsageError
        The size is negative, or none.
    """
    if not 0 <= keep_gib < math.inf:
        raise UsageError(
            "nothing was pruned", why=f"--keep-gib is {keep_gib}", resolution="give a finite size of 0 or more"
        )
    removed = EnvironmentCache.default().prune(int(keep_gib * _GIB))
    freed = sum(entry.size for entry in removed) / _GIB
    console().print(f"removed {len(removed)} environments ({freed:.1f} GiB, less what uv's cache shares with them)")


def _print(stack: Stack) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("package", "version", "uploaded"):
        table.add_column(heading)
    for pin in stack.pins:
        table.add_row(pin.name, pin.version, f"{pin.uploaded:%Y-%m-%d}" if pin.uploaded else "unknown")
    target = console()
    target.print(table)
    target.print(
        f"{len(stack.pins)} packages for Python {stack.python}, {stack.platform}: {stack.origin}", soft_wrap=True
    )
