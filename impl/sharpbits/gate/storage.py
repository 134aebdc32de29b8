"""Runs of the gates as pytest-benchmark stores them (``pytest perf --benchmark-json=FILE``), read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharpbits.errors import UsageError

#: Under this key a contest's figures stand in pytest-benchmark's ``extra_info``, the environment in ``machine_info``.
STORED = "sharpbits"

#: What must be equal for seconds to be comparable.
MACHINE_FACTS = ("machine", "cpu", "cores", "gpus")


@dataclass(frozen=True)
class StoredRun:
    """One JSON file that pytest-benchmark wrote, with sharpbits' environment in it."""

    path: Path
    when: str
    environment: dict[str, Any]
    benchmarks: dict[str, dict[str, Any]]

    @property
    def machine(self) -> dict[str, Any]:
        """What must be equal for seconds to be comparable."""
        return {fact: self.environment.get(fact) for fact in MACHINE_FACTS}


def load_run(path: Path) -> StoredRun:
    """Read a run that ``pytest perf --benchmark-json=FILE`` stored.

    Raises
    ------
    UsageError
        Not such a file, or one without benchmarks, as when they were disabled.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        environment = document["machine_info"][STORED]
        benchmarks = {one["fullname"]: one for one in document["benchmarks"]}
        when = str(document["datetime"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "stored figures cannot be read",
            why=f"{type(error).__name__}: {error}",
            resolution="store a run with `pytest perf --benchmark-json=FILE`",
            path=path,
        ) from error
    if not benchmarks:
        raise UsageError(
            "stored figures are empty",
            why="no benchmark ran: they were disabled (xdist and --benchmark-disable do that) or deselected",
            resolution="run the gates serially: pytest perf --benchmark-json=FILE, without -n",
            path=path,
        )
    return StoredRun(path, when, environment, benchmarks)
