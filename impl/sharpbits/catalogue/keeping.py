"""Start programs so that nothing they start outlives them or sharpbits, however either ends.

Between sharpbits and the program stands a keeper (``_keeper.py``), where the kernel offers what it takes: on Linux.
Elsewhere a program is started directly, and what leaves its process group is found by the mark in its variables alone,
as long as sharpbits itself lives.
Cost: one start of a bare interpreter a run, 10 to 20 ms; forked programs, one more fork.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

#: Marks every process that descends from a run, also one that left its session.
MARK = "SHARPBITS_RUN"

KEEPER = Path(__file__).with_name("_keeper.py")

#: How long a program may take to begin: only a machine without memory or processor time to spare takes long.
BEGIN_S = 30.0
#: How long the keeper may take to kill what is below it: what takes longer hangs in the kernel.
_END_S = 5.0
_POLL_S = 0.005
_STDERR = 2


class Program(Protocol):
    """A running program as :class:`subprocess.Popen` has it; it leads its own session."""

    #: The process below which all is that the program starts, itself included; None where there is none.
    keeper: int | None

    @property
    def pid(self) -> int: ...  # noqa: D102
    @property
    def stdout(self) -> IO[bytes] | None: ...  # noqa: D102
    @property
    def stderr(self) -> IO[bytes] | None: ...  # noqa: D102
    def poll(self) -> int | None: ...  # noqa: D102
    def wait(self) -> int: ...  # noqa: D102
    def end(self) -> None:
        """Kill it and, where there is a keeper, all that it started; return when that is done."""


class NotBegunError(Exception):
    """The keeper or the program ended before the program began."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"the program ended with {number} before it began")


class Kept:
    """A program with a keeper, seen through the keeper's channel."""

    def __init__(
        self,
        channel: socket.socket,
        stdout: IO[bytes] | None,
        stderr: IO[bytes] | None,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        """Wait until the program has begun.

        Parameters
        ----------
        process
            The keeper, where it is a child of this process.

        Raises
        ------
        OSError
            The program cannot be started.
        NotBegunError
            It ended too soon to be told apart from its keeper.
        """
        self._channel = channel
        self._process = process
        self._received = b""
        self._returncode: int | None = None
        self.stdout, self.stderr = stdout, stderr
        channel.settimeout(BEGIN_S)
        word, numbers = self._next_line()
        if word == "failed":
            raise OSError(numbers[0], os.strerror(numbers[0]))
        if word != "started":
            raise NotBegunError(numbers[0])
        self.pid: int = numbers[0]
        self.keeper: int | None = numbers[1]
        channel.setblocking(False)

    def _next_line(self) -> tuple[str, list[int]]:
        """Return the next report; one of the end by SIGKILL where the keeper is gone, and the program with it."""
        while b"\n" not in self._received:
            part = self._channel.recv(64)
            if not part:
                return "ended", [-signal.SIGKILL]
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        word, *numbers = line.decode().split()
        return word, [int(number) for number in numbers]

    def poll(self) -> int | None:
        """Return how it ended, negative for a signal; None while it runs."""
        if self._returncode is None:
            with suppress(BlockingIOError):
                self._returncode = self._next_line()[1][0]
        return self._returncode

    def wait(self) -> int:
        """Wait for its end."""
        while (code := self.poll()) is None:
            time.sleep(_POLL_S)
        return code

    def end(self) -> None:
        """Let the keeper kill everything below it; kill the keeper itself where it does not answer."""
        if self._channel.fileno() < 0:
            return
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _END_S
        self._channel.settimeout(_END_S)
        try:
            if self._returncode is None:
                self._returncode = self._next_line()[1][0]
            while self._channel.recv(64):
                self._channel.settimeout(max(deadline - time.monotonic(), _POLL_S))
        except OSError:  # a program may have stopped its keeper
            if self.keeper is not None:
                with suppress(ProcessLookupError):
                    os.kill(self.keeper, signal.SIGKILL)
            if self._returncode is None:
                self._returncode = -signal.SIGKILL
        self._channel.close()
        if self._process is not None:
            self._process.wait()


class _Direct(subprocess.Popen[bytes]):
    """A program without a keeper."""

    keeper: int | None = None

    def end(self) -> None:
        """Kill its process group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()


def start(
    command: Sequence[str | Path], *, cwd: Path, variables: Mapping[str, str], mark: str, attached: bool = False
) -> Program:
    """Start a program with nothing on stdin and pipes for its output.

    Parameters
    ----------
    attached
        Its output goes where this process's stderr goes, instead.

    Raises
    ------
    OSError
        It cannot be started.
    """
    words = [os.fspath(part) for part in command]
    streams = _STDERR if attached else subprocess.PIPE
    if sys.platform != "linux":
        return _Direct(
            words,
            cwd=cwd,
            env={**variables, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=streams,
            stderr=streams,
            start_new_session=True,
        )
    ours, process = start_keeper(words, cwd, variables, mark, stdout=streams, stderr=streams)
    try:
        return Kept(ours, process.stdout, process.stderr, process)
    except BaseException as error:
        ours.close()  # the keeper ends all
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()
        if isinstance(error, OSError) and error.errno is not None:
            error.filename = words[0]
        if isinstance(error, NotBegunError):
            raise OSError(f"{words[0]}: {error}") from error
        raise


def start_keeper(
    command: Sequence[str],
    cwd: Path | str,
    variables: Mapping[str, str],
    mark: str,
    *,
    stdout: int,
    stderr: int,
    pass_fds: Sequence[int] = (),
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a keeper that starts a program; return its channel, to be closed when all shall end, and its process."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                # The keeper runs in this interpreter, which is known to start; its command need not.
                [
                    sys.executable,
                    "-I",
                    "-S",
                    KEEPER,
                    str(theirs.fileno()),
                    str(os.getpid()),
                    f"{MARK}={mark}",
                    *command,
                ],
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(theirs.fileno(), *pass_fds),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
    return ours, process
