"""Describe the interpreter this runs in, as one JSON line. Standard library only: it runs in any environment."""

import importlib.metadata
import json
import os
import pathlib
import platform
import re
import sys

# What steers the packages under test. Matched by prefix.
_VARIABLES = (
    "CATALYST", "CUDA", "JAX", "KMP", "LIGHTNING", "MKL", "NVIDIA_VISIBLE", "OMP", "OPENBLAS", "PENNYLANE", "PL_",
    "TORCH", "TRITON", "XLA",
)  # fmt: skip


def _cpu() -> str:
    try:
        with pathlib.Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def _features() -> list[str]:
    try:
        with pathlib.Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                # "flags" on x86, "Features" on ARM.
                if name.strip().lower() in ("flags", "features"):
                    return sorted(set(value.split()))
    except OSError:
        return []  # not Linux: no row can name a feature there
    return []


def _packages() -> dict[str, str]:
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            # The first hit on sys.path is the one that gets imported.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
    return found


print(
    json.dumps(
        {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
            "platform": platform.platform(),
            "machine": platform.machine(),
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "packages": _packages(),
            "system": platform.system(),
            "features": _features(),
            "variables": {name: value for name, value in os.environ.items() if name.startswith(_VARIABLES)},
        }
    )
)
