"""One GPU for each xdist worker: a lease on a lock file, which ends with the process that holds it.

Under ``pytest -n N`` each worker takes a free slot of a GPU that the user allows (``CUDA_VISIBLE_DEVICES``, else all)
and sees that GPU alone. It happens before conftest files are loaded, so before any CUDA library can start. A worker
that dies gives its slot back by dying, whatever id its replacement gets. ``--gpu-share K`` lets K workers share a GPU.
"""

from __future__ import annotations

import getpass
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from sharpbits.errors import SharpbitsError

_log = logging.getLogger(__name__)

#: How long a worker waits for a slot: a dead one's lock is free once the kernel has reaped it.
_WAIT_S = 10.0
_POLL_S = 0.1

#: JAX takes three quarters of a GPU's memory when it starts; sharers divide a little more than that among them.
_SHARED_MEMORY_FRACTION = 0.9


class LeaseError(SharpbitsError):
    """No GPU slot is free for this worker."""


@dataclass(frozen=True)
class Lease:
    """A slot of one GPU; held as long as this process lives."""

    #: What the user, or the driver, calls the GPU: the value for ``CUDA_VISIBLE_DEVICES``.
    device: str
    share: int
    lock: FileLock

    def variables(self) -> dict[str, str]:
        """Return what to set before a CUDA library starts."""
        variables = {"CUDA_VISIBLE_DEVICES": self.device}
        if self.share > 1:
            variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{_SHARED_MEMORY_FRACTION / self.share:.3f}"
        return variables


def allowed_devices(environment: Mapping[str, str], installed: Sequence[str]) -> list[str]:
    """Return the GPUs that the user allows, by the user's own names where there are any.

    ``installed`` are the UUIDs of the machine's GPUs. CUDA ends the list at the first name it does not know, so names
    after ``-1`` are not allowed either.

    >>> allowed_devices({"CUDA_VISIBLE_DEVICES": "3,1,-1,0"}, ["GPU-a", "GPU-b"])
    ['3', '1']
    >>> allowed_devices({}, ["GPU-a", "GPU-b"])
    ['GPU-a', 'GPU-b']
    """
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return list(installed)
    devices: list[str] = []
    for name in (part.strip() for part in named.split(",")):
        if not name or name.startswith("-"):
            break
        devices.append(name)
    return devices


def sharers(workers: int, devices: int, asked: str) -> int:
    """Return how many workers may share a GPU: the number asked for, or for ``auto`` as few as give each one a slot.

    Raises
    ------
    LeaseError
        The number is not a positive integer.
    """
    if asked == "auto":
        share = max(1, -(-workers // devices))
        if share > 1:
            _log.info("--gpu-share auto: %d workers, %d GPUs, so %d share each", workers, devices, share)
        return share
    if not asked.isdecimal() or int(asked) < 1:
        raise LeaseError(
            "no GPU can be leased",
            why=f"--gpu-share is {asked!r}",
            resolution="give a positive number, or auto",
        )
    return int(asked)


def lease_folder() -> Path:
    """Return the folder of this user's lock files; every pytest run of the user on this machine shares it."""
    return Path(tempfile.gettempdir()) / f"sharpbits-gpu-leases-{getpass.getuser()}"


def take_lease(devices: Sequence[str], share: int, *, folder: Path | None = None, wait_s: float = _WAIT_S) -> Lease:
    """Lock a free slot, the first slots of all GPUs before the second ones.

    Raises
    ------
    LeaseError
        No slot became free in time; names who holds them.
    """
    folder = folder or lease_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_s
    while True:
        for slot in range(share):
            for device in devices:
                # The lock is the kernel's, on the open file: it cannot outlive the process, however that ends.
                lock = FileLock(folder / f"{device.replace('/', '_')}.{slot}.lock", timeout=0)
                try:
                    lock.acquire()
                except Timeout:
                    continue
                return Lease(device, share, lock)
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_S)
    raise LeaseError(
        "no GPU can be leased",
        why=f"all {len(devices) * share} slots are taken ({len(devices)} GPUs, {share} workers each)",
        resolution="start fewer workers (-n), or let more of them share a GPU (--gpu-share)",
        locks=folder,
        pid=os.getpid(),
    )
