"""What a timing needs besides a clock: devices that have finished, a known number of threads, peak memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
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
    """Run once more and return by how many bytes memory grew at its peak: ``host``, and ``gpu`` where torch uses one.

    Host figures need Linux (the kernel's high-water mark, which can be reset there); elsewhere they are left out.
    """
    found: dict[str, int] = {}
    cuda = _cuda_in_use()
    if cuda is not None:
        cuda.reset_peak_memory_stats()
        before_gpu = cuda.memory_allocated()
    before = psutil.Process().memory_info().rss
    watched = _reset_high_water_mark()
    wait_for_devices(run())
    if watched:
        found["host"] = max(0, _high_water_mark() - before)
    if cuda is not None:
        found["gpu"] = cuda.max_memory_allocated() - before_gpu
    return found


def _cuda_in_use() -> Any:
    """Return ``torch.cuda`` where this process uses it, else None."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda
    return None


def _reset_high_water_mark() -> bool:
    """Set the process's peak resident size to its present one (``man 5 proc``, clear_refs); False where that fails."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return True
    return False


def _high_water_mark() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
