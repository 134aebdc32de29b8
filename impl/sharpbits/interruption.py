"""Let a run be ended from outside in one way: Ctrl-C, SIGTERM and SIGHUP all raise KeyboardInterrupt.

A signal that was ignored when the program started stays so: whoever starts it under ``nohup`` or as a shell's
background job wants it to outlive the terminal, and a Ctrl-C that is meant for the foreground. SIGTERM always ends it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Exit status of an interrupted command, as shells have it for SIGINT.
INTERRUPTED = 130


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: children killed, what was finished reported."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    heard = [signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    previous = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
