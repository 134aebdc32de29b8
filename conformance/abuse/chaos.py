"""A round of chaos: a real command at work, and somebody who kills it, fills its disk or removes its folders.

Moments are counted in what the command does (the files that come up where it works), so they lie where they lie on any
machine; a random part of a second follows, so that they fall between as well.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from catalogue.programs import obeying_signals

#: In the variables of all that a round starts.
MARK = "SHARPBITS_CHAOS"
#: Between two looks at what the command has done.
_LOOK_S = 0.004
#: The largest random part of a second that follows.
_AFTER_S = 0.4
#: However loaded the machine is: what takes longer hangs.
_END_S = 300.0
_DISK = "24m"


@dataclass(frozen=True)
class Place:
    """The folders of a round: the user's project, and a disk with whatever else a command works in."""

    root: Path

    @property
    def project(self) -> Path:
        """The working folder."""
        return self.root / "project"

    @property
    def marks(self) -> Path:
        """Where what runs leaves a file each time."""
        return self.root / "marks"

    @property
    def disk(self) -> Path:
        """What may become full."""
        return self.root / "disk"

    @property
    def out(self) -> Path:
        """Where reports are asked for."""
        return self.disk / "out"

    @property
    def cache(self) -> Path:
        """The user's cache."""
        return self.disk / "cache"

    @property
    def environments(self) -> Path:
        """Where environments are kept."""
        return self.disk / "environments"

    @property
    def tmp(self) -> Path:
        """Where temporary files go."""
        return self.disk / "tmp"


@dataclass
class Program:
    """The command at work."""

    place: Place
    process: subprocess.Popen[bytes]
    #: Names of what came up where it works.
    seen: set[str] = field(default_factory=set)

    def wait_for(self, marks: int, random_part: float) -> None:
        """Wait until it has done so much, or has ended."""
        while self.process.poll() is None and len(self.seen) < marks:
            self.look()
            time.sleep(_LOOK_S)
        self.sleep(random_part)

    def look(self) -> None:
        """Note what came up."""
        for folder in (self.place.tmp, self.place.marks, self.place.environments, self.place.cache / "sharpbits"):
            for one in _listed(folder):
                self.seen.add(one.path)
                if folder.name == "sharpbits":
                    self.seen.update(inside.path for inside in _listed(Path(one.path)))

    def sleep(self, random_part: float) -> None:
        """Let a part of a second pass, unless it ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(random_part * _AFTER_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is still there."""
        self.process.send_signal(number)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"exit status {self.status}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


Attack = Callable[[Program, random.Random], None]


def signalled(*numbers: signal.Signals) -> Attack:
    """Send signals, a random while apart."""

    def attack(program: Program, chance: random.Random) -> None:
        for number in numbers:
            program.signal(number)
            program.sleep(chance.random())

    return attack


def limited(program: Program, chance: random.Random) -> None:
    """Let no file grow beyond a size, as a quota does: of the command, and of what it starts from now on."""
    size = chance.choice([0, 64, 1024, 16384])
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def filled(program: Program, chance: random.Random) -> None:
    """Fill the disk, but for some bytes."""
    filler = program.place.disk / "filler"
    left = chance.choice([0, 0, 4096, 65536])
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"\0" * (1 << 16)):
            pass
    if left:
        os.truncate(filler, max(0, filler.stat().st_size - left))


def removed(name: str) -> Attack:
    """Remove a folder, or move it to where nobody looks for it."""

    def attack(program: Program, chance: random.Random) -> None:
        folder: Path = getattr(program.place, name)
        if chance.random() < 0.5:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(folder.with_name(f"{name}.moved"))
        else:
            shutil.rmtree(folder, ignore_errors=True)

    return attack


ATTACKS: Mapping[str, Attack] = {
    "int": signalled(signal.SIGINT),
    "term": signalled(signal.SIGTERM),
    "kill": signalled(signal.SIGKILL),
    "int-int": signalled(signal.SIGINT, signal.SIGINT),
    "term-int": signalled(signal.SIGTERM, signal.SIGINT),
    "int-kill": signalled(signal.SIGINT, signal.SIGKILL),
    "limited": limited,
    "filled": filled,
    "no-cache": removed("cache"),
    "no-environments": removed("environments"),
    "no-out": removed("out"),
    "no-project": removed("project"),
}


@contextmanager
def disk(place: Place, *, small: bool) -> Iterator[bool]:
    """Lay out where a round works: on a small disk of its own, if that is asked for and may be mounted."""
    place.disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(place.disk)]
    mounted = small and shutil.which("mount") is not None and subprocess.run(mount, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(place.disk)], check=True)


def run(place: Place, command: Sequence[str], variables: Mapping[str, str], attack: Callable[[Program], None]) -> Ended:
    """Run a command under attack to its end; afterwards nothing that it started is alive."""
    mark = str(place.root)
    process = subprocess.Popen(
        obeying_signals(command),
        cwd=place.project,
        env={**variables, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    # What it says fills no pipe: less than a page.
    try:
        _wait_until(lambda: process.poll() is not None or _hears(process.pid), "it never began to listen to signals")
        attack(Program(place, process))
        stdout, stderr = process.communicate(timeout=_END_S)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    ended = Ended(process.returncode, stdout.decode(), stderr.decode())
    try:
        _wait_until(lambda: not alive(mark), f"something outlives it: {alive(mark)}\n{ended}")
    finally:
        for left in alive(mark):
            left.kill()
    return ended


def _wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(_LOOK_S)


def _hears(pid: int) -> bool:
    """Tell whether a process handles SIGTERM itself, from the mask in the process table."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return True
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def alive(mark: str) -> list[psutil.Process]:
    """Return the processes that carry a round's mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return what a folder holds, if it is there: of each file its content and its permissions, by its path."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
