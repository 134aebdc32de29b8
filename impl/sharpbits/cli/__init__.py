"""The command line: ``sharpbits check`` and the commands around it.

Here is what surrounds them all: whatever becomes of one ends in words and an exit status. Nothing but the signals, the
streams and the shape of an error is imported before Ctrl-C is heard; typer alone takes longer than all of these.
"""

from __future__ import annotations

import sys

from sharpbits.errors import SharpbitsError
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.streams import take_streams

_REFUSED = 2
#: EX_SOFTWARE of <sysexits.h>.
_OWN_FAULT = 70


def main() -> None:
    """Run the command line; what is foreseen to go wrong is printed without a traceback, with exit status 2.

    So is whatever else the system refuses (no memory for a process, no room for a temporary file). A fault of
    sharpbits' own has a traceback and exit status 70: 1 would mean that something changed, or got slower. A signal has
    130, wherever it strikes.
    """
    streams = take_streams()
    interrupted, status = False, INTERRUPTED
    try:
        with interruptible(to_the_end=True) as stop:
            status = _run_command()
            streams.flush()
            interrupted = stop.is_set()
    except KeyboardInterrupt:
        interrupted = True
        streams.drop()  # where nobody reads what is left, writing it would take for ever
    if interrupted:
        # A command tells by itself what became of what it was doing; here it had not begun, or had said all.
        sys.stderr.write("interrupted\n")
        status = INTERRUPTED
    failure = streams.finish()
    if failure is not None:
        sys.stderr.write(f"sharpbits: the output could not be written: {failure.strerror}\n")
        status = _REFUSED
    # An interrupt that strikes while text is executed, as it is in every import of a dataclass, counts for CPython as
    # one that nobody handled: under `python -m` it kills itself by SIGINT in the end, if this was the last such text.
    exec("")  # noqa: S102
    sys.exit(status)


def _run_command() -> int:
    try:
        from sharpbits.cli.application import app

        app()
    except SystemExit as end:  # the application's way to say its exit status
        return int(end.code or 0)
    except SharpbitsError as error:
        sys.stderr.write(f"sharpbits: {error}\n")
        return _REFUSED
    except OSError as error:
        sys.stderr.write(f"sharpbits: the system refused what it takes to go on: {error}\n")
        return _REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        import traceback

        traceback.print_exc()
        return _OWN_FAULT
    return 0
