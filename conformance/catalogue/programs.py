"""Programs that a test starts, signals and waits for: they obey signals whatever the suite inherited."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def obeying_signals(command: Sequence[str]) -> list[str]:
    """Undo what the suite may have inherited: a shell's background jobs ignore SIGINT, ``nohup`` SIGHUP."""
    return _with_signals("SIG_DFL", command)


def ignoring_signals(command: Sequence[str]) -> list[str]:
    """Start a command as a background job under ``nohup`` does."""
    return _with_signals("SIG_IGN", command)


def _with_signals(disposition: str, command: Sequence[str]) -> list[str]:
    # Set by a process of its own: to run code between fork and exec of this one, which has threads, is unsafe.
    setup = (
        "import os, signal, sys\n"
        f"for number in (signal.SIGINT, signal.SIGHUP):\n    signal.signal(number, signal.{disposition})\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    return [sys.executable, "-c", setup, *command]


@contextmanager
def killed_at_the_end(program: subprocess.Popen[Any]) -> Iterator[None]:
    """A test that fails leaves no program behind."""
    try:
        yield
    finally:
        if program.poll() is None:
            program.terminate()  # it ends its children itself
            try:
                program.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                program.kill()
                program.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until another process has come so far."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited a minute in vain"
        time.sleep(0.05)
