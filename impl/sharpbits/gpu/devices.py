"""The NVIDIA GPUs of this machine, and those of them this process may use, as the driver's own program tells."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from dataclasses import dataclass

from sharpbits.errors import SharpbitsError

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Gpu:
    """One GPU as its driver describes it."""

    name: str
    driver: str
    memory: str


@dataclass(frozen=True)
class InstalledGpu:
    """One line of ``nvidia-smi``: a GPU of this machine, allowed or not."""

    index: str
    uuid: str
    gpu: Gpu


def visible_gpus() -> tuple[Gpu, ...]:
    """List the NVIDIA GPUs this process may use: those installed that ``CUDA_VISIBLE_DEVICES`` names, if it is set."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed in ("", "-1"):
        return ()
    installed = installed_gpus()
    if allowed is None:
        return tuple(one.gpu for one in installed)
    wanted = [part.strip() for part in allowed.split(",") if part.strip()]
    return tuple(
        one.gpu for one in installed if one.index in wanted or any(one.uuid.startswith(part) for part in wanted)
    )


def installed_gpus() -> tuple[InstalledGpu, ...]:
    """List the NVIDIA GPUs of this machine, as ``nvidia-smi`` has them; none without that program.

    Raises
    ------
    SharpbitsError
        There is an ``nvidia-smi`` and it fails: the GPUs are neither there nor absent.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        ended = subprocess.run(
            [program, "--query-gpu=index,uuid,name,driver_version,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SharpbitsError(
            "the GPUs cannot be listed",
            why=str(error),
            resolution="repair the driver, or set CUDA_VISIBLE_DEVICES to the empty string to go without GPUs",
            program=program,
        ) from error
    rows = [[cell.strip() for cell in row] for row in csv.reader(ended.stdout.splitlines()) if row]
    return tuple(InstalledGpu(index, uuid, Gpu(*facts)) for index, uuid, *facts in rows)
