"""Let a run be ended from outside in one way: Ctrl-C, SIGTERM and SIGHUP all raise KeyboardInterrupt.

A signal that was ignored when the program started stays so: whoever starts it under ``nohup`` or as a shell's
background job wants it to outlive the terminal, and a Ctrl-C that is meant for the foreground. SIGTERM always ends it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Exit status of an interrupted command, as shells have it for SIGINT.
INTERRUPTED = 130


#: How long after the second signal a third one ends everything at once, reports or not.
_PATIENCE_S = 5.0


class Stop(threading.Event):
    """A request to stop: set by the first signal; the second asks to hurry."""

    def __init__(self) -> None:
        super().__init__()
        #: Nothing is asked to end any more, all is killed.
        self.hurried = False
        self.raises = True

    def quieten(self) -> None:
        """Raise nothing from here on: what follows looks at the event, and shall come to its end.

        To be called by a command, not by a library: once a signal has struck, those that follow are ignored for good.
        """
        self.raises = False


def is_hurried(stop: threading.Event) -> bool:
    """Tell whether a request to stop is one to hurry."""
    return isinstance(stop, Stop) and stop.hurried


@contextmanager
def interruptible(*, to_the_end: bool = False) -> Iterator[Stop]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: children killed, what was finished reported.

    Yields the event that such a signal sets. The exception reaches the main thread alone, which may have to wait for
    others: whatever waits in a thread looks at the event. It is raised once, by the first signal; the second makes
    haste. So a second Ctrl-C strikes no clean-up and no report that the first one led to, unless it takes very long.

    Parameters
    ----------
    to_the_end
        What follows is the end of the process, and its exit status is known: no signal changes it any more.
    """
    stop = Stop()
    struck = 0
    begun = False
    patient_until = 0.0

    def interrupt(number: int, frame: object) -> None:
        nonlocal struck, patient_until
        struck += 1
        # Counted, not asked of the event: its lock may be held by the handler that this one struck.
        if struck == 1:
            stop.set()
            if stop.raises and begun:
                raise KeyboardInterrupt
        elif not stop.hurried:
            patient_until = time.monotonic() + _PATIENCE_S
            stop.hurried = True
        elif time.monotonic() > patient_until:
            raise KeyboardInterrupt

    # None: a handler that is not Python's, so it could not be put back.
    heard = [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) not in (signal.SIG_IGN, None)]
    previous = {number: signal.getsignal(number) for number in (*heard, signal.SIGTERM)}
    try:
        for number in previous:
            signal.signal(number, interrupt)
        begun = True
        if struck:  # before all were heard, so that none of them is left as it was
            raise KeyboardInterrupt
        yield stop
    finally:
        for number, handler in previous.items():
            # What follows an interrupted run that came to its end is the end of the process, and its exit status: one
            # more Ctrl-C would change that status only. (Python puts its own handlers back before it ends, not these.)
            signal.signal(number, signal.SIG_IGN if to_the_end or (struck and not stop.raises) else handler)
