"""Let a run be ended from outside in one way: Ctrl-C, SIGTERM and SIGHUP all raise KeyboardInterrupt.

A signal that was ignored when the program started stays so: whoever starts it under ``nohup`` or as a shell's
background job wants it to outlive the terminal, and a Ctrl-C that is meant for the foreground. SIGTERM always ends it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Exit status of an interrupted command, as shells have it for SIGINT.
INTERRUPTED = 130


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: children killed, what was finished reported.

    Yields the event that such a signal sets. The exception reaches the main thread alone, which may have to wait for
    others: whatever waits in a thread looks at the event.
    """
    stop = threading.Event()
    setting = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal setting
        if setting:
            return  # the event's lock is held by the handler that this one struck; that one raises
        setting = True
        stop.set()
        setting = False
        raise KeyboardInterrupt

    heard = [signal.SIGTERM]
    # None: a handler that is not Python's, so it could not be put back.
    heard += [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) not in (signal.SIG_IGN, None)]
    previous = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
