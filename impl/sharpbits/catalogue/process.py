"""Run one program in its own session under limits of time, memory and output, and leave nothing of it behind.

On Linux that holds whatever the program does and however sharpbits itself ends: see
:mod:`sharpbits.catalogue.keeping`.

One loop supervises one program: it reads the pipes, watches the clock, the memory of all that the program started and
the stop request. Cost: one wake-up per 50 ms and one look at the process table per 250 ms; where several processes
would be over the memory limit together, a look at the pages of each besides (some 30 ms a GiB), for a fifth of the time
at most.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sharpbits.catalogue.descendants import descendants_of, left_of, marked, memory_of, name_of
from sharpbits.catalogue.keeping import Program, start
from sharpbits.interruption import is_hurried

_TICK_S = 0.05
_ATTACHED_TICK_S = 0.25
_MEMORY_EVERY_S = 0.25
_TERM_GRACE_S = 1.0
_LINGER_GRACE_S = 1.0
_KILL_GRACE_S = 5.0
_KILL_POLL_S = 0.01
_READ_SIZE = 1 << 16

STDOUT_LIMIT = 16 << 20
STDERR_KEPT = 4 << 20


@dataclass(frozen=True)
class Limits:
    """What a run may use: wall-clock seconds and resident bytes of all that it started, each page once."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class ProcessEnd:
    """How a program ended, seen from outside."""

    #: Exit status; negative for a signal, as :mod:`subprocess` has it.
    returncode: int
    stdout: str
    #: The last part of stderr, :data:`STDERR_KEPT` bytes at most.
    stderr: str
    seconds: float
    #: Below the limit, pages that several of its processes share may count for each of them.
    peak_memory: int
    over_time: bool = False
    over_memory: bool = False
    over_output: bool = False
    #: Stopped on request; says nothing of the program.
    interrupted: bool = False
    #: Commands of the processes it left running, which were killed.
    left_behind: tuple[str, ...] = ()
    #: Where the memory could not be counted as it should be: how it was counted instead.
    memory_note: str = ""


def run_isolated(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    variables: Mapping[str, str],
    limits: Limits,
    stop: threading.Event | None = None,
) -> ProcessEnd:
    """Run a program to its end or its limits; on return nothing that it started is alive.

    Raises
    ------
    OSError
        The program cannot be started.
    KeyboardInterrupt
        Passed on after the program was killed.
    """
    mark = uuid.uuid4().hex
    program = start(command, cwd=cwd, variables=variables, mark=mark)
    return supervise(program, mark, limits, stop)


def run_attached(
    command: Sequence[str | Path], *, cwd: Path, variables: Mapping[str, str], stop: threading.Event
) -> int:
    """Run a program without limits, whose output goes where this process's stderr goes; return its exit status.

    On return nothing that it started is alive. It is looked after a few times a second only: it may measure times.

    Raises
    ------
    OSError
        The program cannot be started.
    KeyboardInterrupt
        ``stop`` was set, and the program killed.
    """
    mark = uuid.uuid4().hex
    program = start(command, cwd=cwd, variables=variables, mark=mark, attached=True)
    supervisor = _Supervisor(program, mark, Limits(math.inf, sys.maxsize), stop)
    try:
        while (code := program.poll()) is None:
            if stop.wait(_ATTACHED_TICK_S):
                raise KeyboardInterrupt
        return code
    finally:
        supervisor.kill_all()
        supervisor.close()


def supervise(program: Program, mark: str, limits: Limits, stop: threading.Event | None = None) -> ProcessEnd:
    """Watch a program that was just started with this mark; on return nothing that it started is alive.

    Raises
    ------
    KeyboardInterrupt
        Passed on after the program was killed.
    """
    supervisor = _Supervisor(program, mark, limits, stop or threading.Event())
    try:
        return supervisor.watch()
    finally:
        supervisor.kill_all()
        supervisor.close()


class _Supervisor:
    def __init__(self, program: Program, mark: str, limits: Limits, stop: threading.Event) -> None:
        self.program = program
        self.mark = mark
        self.limits = limits
        self.stop = stop
        self.started = time.monotonic()
        self.peak = 0
        self.memory_note = ""
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.selector = selectors.DefaultSelector()
        self.pipes = [pipe for pipe in (program.stdout, program.stderr) if pipe is not None]
        for pipe, buffer in ((program.stdout, self.stdout), (program.stderr, self.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self.selector.register(pipe, selectors.EVENT_READ, buffer)

    def watch(self) -> ProcessEnd:
        broken_limit = self._until_end_or_limit()
        if broken_limit:
            self._terminate()
        seconds = time.monotonic() - self.started
        left = () if broken_limit else self._lingering()
        self.kill_all()
        self._read(0)
        return ProcessEnd(
            returncode=self.program.wait(),
            stdout=self.stdout.decode(errors="replace"),
            stderr=self.stderr.decode(errors="replace"),
            seconds=seconds,
            peak_memory=self.peak,
            memory_note=self.memory_note,
            left_behind=left,
            **{broken_limit: True} if broken_limit else {},
        )

    def _until_end_or_limit(self) -> str | None:
        """Supervise until the program ends by itself; return the name of the limit it broke, if any."""
        next_memory_check = 0.0
        while self.program.poll() is None:
            self._read(_TICK_S)
            now = time.monotonic()
            if self.stop.is_set():
                return "interrupted"
            if now - self.started > self.limits.seconds:
                return "over_time"
            if len(self.stdout) > STDOUT_LIMIT:
                return "over_output"
            if now >= next_memory_check:
                memory = memory_of(descendants_of(self.program, self.mark), self.limits.memory)
                self.peak = max(self.peak, memory.used)
                self.memory_note = memory.note
                looked = time.monotonic()
                next_memory_check = looked + max(_MEMORY_EVERY_S, 4 * (looked - now))
                if self.peak > self.limits.memory:
                    return "over_memory"
        return None

    def _read(self, timeout: float) -> None:
        """Take what the pipes hold: all of stdout up to its limit, the end of stderr."""
        deadline = time.monotonic() + _TICK_S
        while self.selector.get_map():
            ready = self.selector.select(timeout)
            if not ready:
                return
            for key, _ in ready:
                data = os.read(key.fd, _READ_SIZE)
                if not data:
                    self.selector.unregister(key.fileobj)
                    continue
                key.data.extend(data)
                if key.data is self.stderr:
                    del self.stderr[:-STDERR_KEPT]
            if len(self.stdout) > STDOUT_LIMIT or time.monotonic() > deadline:
                return
            timeout = 0
        if timeout:
            time.sleep(timeout)  # both pipes were closed by a program that goes on

    def _terminate(self) -> None:
        """Ask the program to end, and insist; at once where it must be quick."""
        if is_hurried(self.stop):
            return
        with suppress(ProcessLookupError):
            os.killpg(self.program.pid, signal.SIGTERM)
        deadline = time.monotonic() + _TERM_GRACE_S
        while self.program.poll() is None and time.monotonic() < deadline and not is_hurried(self.stop):
            self._read(_TICK_S)

    def _lingering(self) -> tuple[str, ...]:
        """Name the processes that outlive the program, after a moment to end by themselves."""
        deadline = time.monotonic() + _LINGER_GRACE_S
        while (left := left_of(self.program, self.mark)) and time.monotonic() < deadline:
            self._read(_TICK_S)
        return tuple(name_of(process) for process in left)

    def kill_all(self) -> None:
        """Kill the program, what is below its keeper, and every process that carries the run's mark."""
        self.program.end()
        deadline = time.monotonic() + _KILL_GRACE_S
        # Again until none is left: one may have started another meanwhile, and a signal takes a moment to strike.
        while left := marked(self.mark):
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            if time.monotonic() > deadline:
                break  # it hangs in the kernel, where no signal reaches it
            time.sleep(_KILL_POLL_S)
        self.program.wait()

    def close(self) -> None:
        self.selector.close()
        for pipe in self.pipes:
            pipe.close()
