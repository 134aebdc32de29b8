"""What a timing needs besides a clock: devices that have finished, a known number of threads, peak memory."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import memray
from threadpoolctl import threadpool_limits


def wait_for_devices(result: Any) -> None:
    """Return once a result is computed: JAX and CUDA hand out results that are still on their way.

    Only packages that are loaded already are asked, so that a contest of NumPy code imports neither.
    """
    jax = sys.modules.get("jax")
    if jax is not None:
        jax.block_until_ready(result)
    cuda = _cuda_in_use()
    if cuda is not None:
        cuda.synchronize()


@contextmanager
def fixed_threads(count: int | None = None) -> Iterator[int]:
    """Fix the threads of BLAS, OpenMP and torch for a while; yields how many.

    XLA sizes its own pool when it starts, by the cores the process may use: that is the default here.
    """
    number = count or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else None
    if torch is not None:
        torch.set_num_threads(number)
    try:
        with threadpool_limits(limits=number):
            yield number
    finally:
        if torch is not None:
            torch.set_num_threads(before)


def peak_memory(run: Callable[[], Any]) -> dict[str, int]:
    """Run once more and return how many bytes were allocated at the peak: ``host``, and ``gpu`` where torch uses one.

    memray counts every allocation of the process, native libraries' too, so the figure is the same in every run. The
    kernel's own figure (resident pages) is kept per processor and may be off by tens of MiB on a large machine.
    Costs tens of milliseconds beside the call itself.
    """
    found: dict[str, int] = {}
    cuda = _cuda_in_use()
    if cuda is not None:
        cuda.reset_peak_memory_stats()
        before_gpu = cuda.memory_allocated()
    with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
        record = Path(folder) / "allocations"
        with memray.Tracker(record, file_format=memray.FileFormat.AGGREGATED_ALLOCATIONS):
            wait_for_devices(run())
        with memray.FileReader(record) as reader:
            found["host"] = reader.metadata.peak_memory
    if cuda is not None:
        found["gpu"] = cuda.max_memory_allocated() - before_gpu
    return found


def _cuda_in_use() -> Any:
    """Return ``torch.cuda`` where this process uses it, else None."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda
    return None
