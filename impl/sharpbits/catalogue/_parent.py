"""Import packages once and fork a child for each run asked for. Standard library only: it runs in any interpreter.

:func:`serve` returns in the children, each set up as ``python FILE`` finds itself: own session, streams, folder,
variables. It never returns in the parent, which lives until the other end of the control socket closes. A request is
one byte on the control socket with three descriptors: the child's stdout, its stderr, and a socket of that run's own,
which carries the request and then what becomes of it. Between the parent and each child stands a keeper
(``_keeper.py``), and another one above the parent: they take along what still runs.
"""

import ctypes
import gc
import importlib
import json
import os
import pathlib
import runpy
import signal
import socket
import sys
import warnings
from typing import Any

_MARK = b"SHARPBITS_RUN"
_HERE = pathlib.Path(__file__).parent


def serve(arguments: list[str]) -> str:
    """Import the packages, say so, and serve; return the file to run, in a child."""
    control, printed, folder, packages = int(arguments[0]), arguments[1:3], arguments[3], arguments[4:]
    channel = socket.socket(fileno=control)
    for descriptor in (control, *map(int, printed)):
        os.set_inheritable(descriptor, False)
    sys.path[0] = folder
    mark = _mark_address()
    gc.disable()
    for package in packages:
        importlib.import_module(package)
    if getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None):
        raise RuntimeError("importing the packages initialised a JAX backend, whose threads do not survive a fork")
    gc.freeze()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    said = [_drain(int(descriptor)) for descriptor in printed]
    channel.send(b"ready")
    request, out, err, status = _children_of(channel)
    return _become(request, out, err, status, said, mark)


def _mark_address() -> int:
    """Return where the mark's value lies in this process's initial variables, which ``/proc/PID/environ`` shows.

    A child that is forked shows its parent's: it writes its own mark over it, so that it and all it forks are found.
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    address = libc.getenv(_MARK)
    value = os.environb[_MARK]
    probe = b"?" * len(value)
    ctypes.memmove(address, probe, len(probe))
    with open("/proc/self/environ", "rb") as variables:  # noqa: PTH123 - pathlib would be one more import
        shown = _MARK + b"=" + probe in variables.read().split(b"\0")
    ctypes.memmove(address, value, len(value))
    if not shown:
        raise RuntimeError("the mark of a run cannot be set after the start")
    return int(address)


def _drain(descriptor: int) -> bytes:
    """Take what the imports printed: each child prints it again, as if it had imported by itself."""
    os.set_blocking(descriptor, False)
    parts = []
    try:
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    except BlockingIOError:
        pass
    os.close(descriptor)
    return b"".join(parts)


def _children_of(channel: socket.socket) -> tuple[dict[str, Any], int, int, socket.socket]:
    """Fork a keeper and below it a child for each request; return in the child."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the keepers
    keeper = runpy.run_path(str(_HERE / "_keeper.py"))
    parent = os.getpid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1, 3)
        if not message:
            os._exit(0)
        out, err, own = descriptors
        status = socket.socket(fileno=own)
        status.set_inheritable(False)
        # Python warns of a fork beside threads, JAX of any; none of theirs is at work before a backend is there.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if os.fork() == 0:
                keeper["die_with_parent"](parent)
                signal.signal(signal.SIGCHLD, before)
                channel.close()
                request = _read(status)
                keeper["stand_between"](status.fileno(), parent)
                return request, out, err, status
        for descriptor in out, err, status.detach():
            os.close(descriptor)


def _read(status: socket.socket) -> dict[str, Any]:
    with status.makefile("rb") as lines:
        request: dict[str, Any] = json.loads(lines.readline())
    return request


def _become(request: dict[str, Any], out: int, err: int, status: socket.socket, said: list[bytes], mark: int) -> str:
    """Make this child look as if it had been started for the request, and say that it has begun."""
    value = request["variables"][_MARK.decode()].encode()
    ctypes.memmove(mark, value, len(value))
    os.environ.clear()
    os.environ.update(request["variables"])
    os.chdir(request["cwd"])
    for descriptor, number in ((out, 1), (err, 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    status.send(b"started %d %d\n" % (os.getpid(), os.getppid()))
    status.close()
    for number, text in enumerate(said, start=1):
        while text:
            text = text[os.write(number, text) :]
    _forget()
    path: str = request["file"]
    return path


def _forget() -> None:
    """Undo what the imported modules remember of the parent: its temporary folder, its working folder, its chance."""
    if tempfile := sys.modules.get("tempfile"):
        tempfile.tempdir = None  # type: ignore[attr-defined]
    if process := sys.modules.get("multiprocessing.process"):
        process.ORIGINAL_DIR = os.getcwd()  # type: ignore[attr-defined]  # noqa: PTH109
    if random := sys.modules.get("numpy.random"):
        random.seed()
