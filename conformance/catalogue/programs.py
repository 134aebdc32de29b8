"""Programs that a test starts, signals and waits for: they obey signals whatever the suite inherited."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def obeying_signals() -> None:
    """Undo what the suite may have inherited: a shell's background jobs ignore SIGINT, ``nohup`` SIGHUP."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ignoring_signals() -> None:
    """Start as a background job under ``nohup`` does."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


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
