"""What a run started: which processes live, and how much memory they use together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sharpbits.catalogue.keeping import MARK, Program

_PROC = Path("/proc")


@dataclass(frozen=True)
class Memory:
    """Bytes of memory, and what there is to say of how they were counted."""

    used: int
    note: str = ""


def descendants_of(program: Program, mark: str) -> list[psutil.Process]:
    """Return the processes of a run at the cost of one look at the process table.

    They are those below its keeper: also what left the program's tree, session and variables. Where no keeper is (any
    more), those below the program and those that carry the run's mark, which takes a look at each process's variables.
    """
    if program.keeper is not None:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(program.keeper).children(recursive=True)
    found = {process.pid: process for process in marked(mark)}
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(program.pid)
        found |= {process.pid: process for process in (root, *root.children(recursive=True))}
    return list(found.values())


def left_of(program: Program, mark: str) -> list[psutil.Process]:
    """Return every live process of a run, by its keeper and by its mark."""
    found = {process.pid: process for process in (*_live(descendants_of(program, mark)), *marked(mark))}
    return list(found.values())


def marked(mark: str) -> list[psutil.Process]:
    """Return every live process that carries the mark of a run."""
    found = []
    for process in _live(psutil.process_iter()):
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def _live(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        with suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def memory_of(processes: Sequence[psutil.Process], limit: int) -> Memory:
    """Return the resident bytes of processes, each page once where it matters.

    Up to the limit the sum of their resident sets will do: it cannot be less than they use. Above it, pages that
    several of them have are told apart from those that one has alone, by their proportional set sizes: a page that n
    processes have counts for 1/n in each. Cost: the kernel walks the page tables of each, some 30 ms a GiB.

    What others outside the run have too (shared libraries; of a forked program, all that its parent had imported)
    would count for less than in a process by itself, so the sum is never taken to be less than the largest resident
    set. A forked program by itself therefore counts like ``python FILE``, imports and all; one that forks workers, by
    less than its imports more or less.
    """
    resident: dict[psutil.Process, int] = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            resident[process] = process.memory_info().rss
    total = sum(resident.values())
    if total <= limit or len(resident) < 2:  # one shares with nobody
        return Memory(total)
    counted = _shared_once(resident)
    if counted.used > limit:
        # One after the other is looked at: where some end meanwhile, the rest have more of each page than before.
        counted = min(counted, _shared_once(resident), key=lambda one: one.used)
    return counted


def _shared_once(resident: Mapping[psutil.Process, int]) -> Memory:
    shares, unreadable = 0, 0
    for process, pages in resident.items():
        try:
            shares += _proportional(process.pid)
        except ProcessLookupError:
            continue  # it has ended
        except OSError:
            if process.is_running():
                shares += pages
                unreadable += 1
    note = f"pages that {unreadable} of {len(resident)} processes share with others counted whole, for want of access"
    return Memory(max(shares, *resident.values()), note if unreadable else "")


def _proportional(pid: int) -> int:
    """Return the proportional set size of a process; none of one that is about to end and has no memory any more.

    Raises
    ------
    OSError
        It has ended, or may not be looked at.
    """
    for line in (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) << 10
    return 0


def name_of(process: psutil.Process) -> str:
    """Return a process's number and command, as far as it still can be told."""
    try:
        return f"pid {process.pid} ({' '.join(process.cmdline())[:60]})"
    except psutil.Error:
        return f"pid {process.pid}"
