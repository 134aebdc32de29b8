"""The standard streams of the command line: nothing that becomes of them changes what a command finds out.

Closed streams lead nowhere; a reader that went away (``| head -1``) ends the writing and not the command; characters
that the stream's encoding does not have are replaced.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO


class _Channel(io.FileIO):
    """A descriptor that is written to as long as that is possible; the first error of another kind is kept."""

    failure: OSError | None = None
    #: Nothing is written any more.
    gone = False

    def write(self, data: Any, /) -> int:
        """Write, or drop what nobody can have; in full: what is left over is no business of those above."""
        left = memoryview(data).cast("B")
        total = len(left)
        while left and not self.gone:
            try:
                left = left[super().write(left) or 0 :]
            except OSError as error:
                self.gone = True
                if error.errno != errno.EPIPE:
                    self.failure = error
        return total


@dataclass(frozen=True)
class Streams:
    """The streams in use."""

    channels: tuple[_Channel, ...]

    def flush(self) -> None:
        """Write out what is buffered."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()

    def drop(self) -> None:
        """Write nothing more to standard output, not even what is buffered."""
        self.channels[0].gone = True

    def finish(self) -> OSError | None:
        """Write out what is buffered; return what went wrong with standard output, e.g. a full disk."""
        self.flush()
        return self.channels[0].failure


def take_streams() -> Streams:
    """Put robust streams in the place of ``sys.stdout`` and ``sys.stderr``."""
    _open_closed_ones()
    taken = []
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        old: TextIO | None = getattr(sys, name)
        if old is not None:
            old.flush()
        channel = _Channel(descriptor, "w", closefd=False)
        stream = io.TextIOWrapper(
            io.BufferedWriter(channel),
            encoding=old.encoding if old is not None else "utf-8",
            errors="replace" if name == "stdout" else "backslashreplace",
            line_buffering=name == "stderr" or channel.isatty(),
        )
        setattr(sys, name, stream)
        taken.append(channel)
    return Streams(tuple(taken))


def _open_closed_ones() -> None:
    """Let closed descriptors lead nowhere: else the next file to be opened became the standard output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            os.set_inheritable(descriptor, True)
