"""Start ``recording_process.py``, alone or as several processes that find one another on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

PROGRAM = Path(__file__).with_name("recording_process.py")

#: Far more than it takes: two busy processors and a cold disk may be all that there is.
LIMIT_S = 240


@dataclass(frozen=True)
class Outcome:
    """How a process ended, and what it printed of each scenario."""

    status: int
    output: str
    errors: str

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines() if line[:1] == "{"]

    def of(self, number: int) -> dict[str, Any]:
        """Return the result of a scenario of a process that ended well."""
        assert self.status == 0, self.errors
        return self.results[number]


def run_once(
    factory: pytest.TempPathFactory, name: str, *scenarios: str, processes: int = 1, devices: int = 1
) -> list[Outcome]:
    """Run, each process with a folder of its own; once, whatever number of pytest-xdist's workers ask for it."""
    # The folders of all workers of a run lie in one.
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    stored = shared / f"{name}.json"
    with FileLock(shared / f"{name}.lock"):
        if not stored.exists():
            folders = [factory.mktemp(f"{name}_{index}") for index in range(processes)]
            outcomes = run(*scenarios, processes=processes, devices=devices, folders=folders)
            stored.write_text(json.dumps([asdict(one) for one in outcomes]))
        return [Outcome(**one) for one in json.loads(stored.read_text())]


def run(*scenarios: str, processes: int = 1, devices: int = 1, folders: list[Path] | None = None) -> list[Outcome]:
    """Return how each process ended."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "PYTHONWARNINGS": "error",
    }
    with _reserved_port() as port, contextlib.ExitStack() as running:
        started = []
        for index in range(processes):
            command = [sys.executable, str(PROGRAM), *scenarios, "--processes", str(processes), "--index", str(index)]
            command += ["--port", str(port)] + (["--folder", str(folders[index])] if folders else [])
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
            )
            started.append(running.enter_context(process))
            running.callback(process.kill)  # before the wait that ends the context
        outputs = [one.communicate(timeout=LIMIT_S) for one in started]
    return [Outcome(one.returncode, *output) for one, output in zip(started, outputs, strict=True)]


@contextlib.contextmanager
def _reserved_port() -> Iterator[int]:
    """Give a port that a coordinator can share, and that nobody else is given as a free one."""
    with socket.socket() as reserving:
        reserving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserving.bind(("127.0.0.1", 0))
        yield reserving.getsockname()[1]
