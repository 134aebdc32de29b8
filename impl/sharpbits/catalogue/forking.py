"""Start findings by forking a process that has imported their packages: most of a small finding is its imports.

Which findings may be started so is told by :func:`forkable`; where a parent cannot be had, :class:`ForkRefusedError`
says why, and the finding is started as ``python FILE``.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.keeping import BEGIN_S, MARK, Kept, NotBegunError, start_keeper
from sharpbits.catalogue.outcome import Outcome
from sharpbits.catalogue.process import Limits, ProcessEnd, supervise

#: What a finding is run by, in any interpreter.
START = Path(__file__).with_name("_start.py")

#: How long the imports may take.
_IMPORT_S = 120.0
_END_S = 10.0
_POLL_S = 0.1
#: A parent holds some hundred MiB; those that were not used for longest end first.
_KEPT = 4

_log = logging.getLogger(__name__)


class ForkRefusedError(Exception):
    """There is no parent to fork from, or it did not fork; one line says why."""


def forkable(finding: Finding, environment: Environment) -> bool:
    """Tell whether a forked start can show the same as ``python FILE``, and is worth it.

    Repeats are there to see chance at work, which includes the seed of hashes and the layout of memory: forked
    processes share both. A documented hang waits for its time limit anyway, and one that the fork causes would pass.
    """
    table = finding.table
    documented = [outcome for row in finding.rows_for(environment) for outcome in row.outcome]
    if table.alone or table.repeats > 1 or Outcome.HANG in documented or Outcome.NONDETERMINISTIC in documented:
        return False
    return bool(finding.packages)


class Parents:
    """The parents of one session, by interpreter, packages, folder and variables; close it to end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[object, _Slot] = {}
        self._told: set[str] = set()

    def __enter__(self) -> Parents:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End every parent, and what still runs below it."""
        with self._lock:
            slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            slot.close()

    def available(self, environment: Environment) -> bool:
        """Tell whether forking is safe here; say once why not."""
        if sys.platform != "linux":
            return self._unsafe("forking is not safe on this platform")
        if environment.gpus:
            return self._unsafe("forking is not safe where a GPU is visible")
        return True

    def _unsafe(self, why: str) -> bool:
        self.tell(f"{why}: findings run as `python FILE`")
        return False

    def tell(self, text: str) -> None:
        """Log a line, once."""
        with self._lock:
            if text in self._told:
                return
            self._told.add(text)
        _log.warning("%s", text)

    def run(
        self,
        finding: Finding,
        python: Path | None,
        *,
        cwd: Path,
        variables: Mapping[str, str],
        limits: Limits,
        stop: threading.Event | None = None,
    ) -> ProcessEnd:
        """Run a finding once in a child of a parent that has its packages, as :func:`run_isolated` does.

        Raises
        ------
        ForkRefusedError
            No child was started.
        KeyboardInterrupt
            Passed on after the child was killed.
        """
        path, interpreter = finding.path.resolve(), python or Path(sys.executable)
        packages = finding.packages or ()
        shared = {name: value for name, value in variables.items() if name != "TMPDIR"}
        slot = self._slot((interpreter, path.parent, packages, tuple(sorted(shared.items()))))
        try:
            parent = slot.parent(interpreter, path.parent, packages, shared, stop)
            mark = uuid.uuid4().hex
            program = parent.fork(path, cwd, {**variables, MARK: mark})
            return supervise(program, mark, limits, stop)
        finally:
            with self._lock:
                slot.users -= 1

    def _slot(self, key: object) -> _Slot:
        with self._lock:
            slot = self._slots.pop(key, None) or _Slot()
            slot.users += 1
            self._slots[key] = slot  # the last used stands last
            idle = [key for key, other in self._slots.items() if other.users == 0]
            ended = [self._slots.pop(key) for key in idle[: max(0, len(self._slots) - _KEPT)]]
        for one in ended:
            one.close()
        return slot


class _Slot:
    """A place for one parent, started when it is first wanted; one that failed is not tried again."""

    def __init__(self) -> None:
        self.users = 0
        self._lock = threading.Lock()
        self._parent: _Parent | None = None
        self._failed: str | None = None

    def parent(
        self,
        python: Path,
        folder: Path,
        packages: tuple[str, ...],
        variables: Mapping[str, str],
        stop: threading.Event | None,
    ) -> _Parent:
        with self._lock:
            if self._failed is not None:
                raise ForkRefusedError(self._failed)
            if self._parent is None:
                try:
                    self._parent = _Parent(python, folder, packages, variables, stop)
                except ForkRefusedError as error:
                    if stop is None or not stop.is_set():
                        self._failed = str(error)
                    raise
            return self._parent

    def close(self) -> None:
        with self._lock:
            if self._parent is not None:
                self._parent.close()


class _Parent:
    """A process that has imported packages and forks on request."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        packages: tuple[str, ...],
        variables: Mapping[str, str],
        stop: threading.Event | None,
    ) -> None:
        self._lock = threading.Lock()
        self._name = f"{python} with {', '.join(packages)}"
        self._folder = tempfile.TemporaryDirectory(prefix="sharpbits-", ignore_cleanup_errors=True)
        # A packet each, so that two requests cannot run into each other.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Pipes, as a child has them: a stream remembers what kind of file it was opened on.
        out_read, out = os.pipe()
        self._errors, err = os.pipe()
        handed = (theirs.fileno(), out_read, self._errors)
        try:
            # What is below the parent, keepers of its children among it, is below this keeper.
            self._keeper, self._process = start_keeper(
                [str(python), str(START), "--parent", *map(str, handed), str(folder), *packages],
                self._folder.name,
                {**variables, "TMPDIR": self._folder.name},
                uuid.uuid4().hex,
                stdout=out,
                stderr=err,
                pass_fds=handed,
            )
        except OSError as error:
            os.close(self._errors)
            self._control.close()
            self._folder.cleanup()
            raise ForkRefusedError(f"{self._name}: {error}") from error
        finally:
            theirs.close()
            for descriptor in (out_read, out, err):
                os.close(descriptor)
        try:
            self._await(stop)
        except BaseException:
            self.close()
            raise
        os.close(self._errors)
        self._errors = -1

    def _await(self, stop: threading.Event | None) -> None:
        deadline = time.monotonic() + _IMPORT_S
        self._control.settimeout(_POLL_S)
        while True:
            try:
                ready = self._control.recv(16)
            except TimeoutError:
                if stop is not None and stop.is_set():
                    raise ForkRefusedError(f"{self._name}: stopped") from None
                if time.monotonic() > deadline:
                    raise ForkRefusedError(f"{self._name}: not imported after {_IMPORT_S:.0f} s") from None
                continue
            except OSError as error:
                raise ForkRefusedError(f"{self._name}: {error}") from error
            if ready == b"ready":
                self._control.settimeout(None)
                return
            self._keeper.settimeout(_POLL_S)
            with suppress(OSError):
                word, _, number = self._keeper.recv(64).partition(b" ")
                if word == b"failed":
                    raise ForkRefusedError(f"{self._name}: {os.strerror(int(number.split()[0]))}")
            os.set_blocking(self._errors, False)
            said = b""
            with suppress(BlockingIOError):
                said = os.read(self._errors, 1 << 16)
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["nothing on stderr"]
            raise ForkRefusedError(f"{self._name}: {last[0]}")

    def fork(self, path: Path, cwd: Path, variables: Mapping[str, str]) -> Kept:
        """Fork a child, with a keeper of its own, that runs a file; return once it has begun."""
        request = {"file": str(path), "cwd": str(cwd), "variables": dict(variables)}
        ours, theirs = socket.socketpair()
        out_read, out = os.pipe()
        err_read, err = os.pipe()
        streams = os.fdopen(out_read, "rb"), os.fdopen(err_read, "rb")
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"r"], [out, err, theirs.fileno()])
            ours.settimeout(BEGIN_S)
            ours.sendall(json.dumps(request).encode() + b"\n")
            return Kept(ours, *streams)
        except (OSError, NotBegunError) as error:
            ours.close()
            for stream in streams:
                stream.close()
            raise ForkRefusedError(f"{self._name}: {error}") from error
        finally:
            os.close(out)
            os.close(err)

    def close(self) -> None:
        """End the process and its children."""
        self._control.close()
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
        self._keeper.close()  # the keeper kills whatever is below it
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
