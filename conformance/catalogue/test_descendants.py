"""The memory limit holds for all that a run started, and counts each page once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from catalogue.test_keeping import DAEMON
from catalogue.toys import OK, write_finding
from sharpbits.catalogue import Finding, Outcome, Parents, descendants, load_finding
from sharpbits.catalogue.descendants import memory_of
from sharpbits.catalogue.runner import run_once

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="told apart by the pages' tables on Linux only")

#: Three workers that hold 200 MiB: their parent's, or each its own.
WORKERS = """
import json, os, time
shared = bytearray(b"x") * (200 << 20)
workers = []
for _ in range(3):
    if (pid := os.fork()) == 0:
        own = bytearray(b"y") * (200 << 20) if {own} else None
        time.sleep(1.5)
        os._exit(0)
    workers.append(pid)
for pid in workers:
    os.waitpid(pid, 0)
print(json.dumps({{"outcome": "ok", "observed": 1.0, "expected": 1.0, "error": 0.0, "tolerance": 0.0}}))
"""

Make = Callable[..., Finding]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(body: str, memory_mib: int) -> Finding:
        return load_finding(
            write_finding(tmp_path / "findings", "x", "import numpy\n" + body, memory_mib=memory_mib, timeout_s=30)
        )

    return write


@pytest.mark.parametrize("forked", [False, True], ids=["as_python_file", "forked"])
@pytest.mark.parametrize(("own", "outcome"), [(False, Outcome.OK), (True, Outcome.CRASH)])
def test_a_page_that_several_processes_share_counts_once(make: Make, forked: bool, own: bool, outcome: Outcome) -> None:
    finding = make(WORKERS.format(own=own), memory_mib=500)
    with Parents() as parents:
        seen = run_once(finding, None, None, parents if forked else None)
    assert seen.outcome is outcome, seen.detail


@pytest.mark.parametrize("forked", [False, True], ids=["as_python_file", "forked"])
def test_memory_of_a_daemon_counts_though_it_left_the_tree_the_session_and_the_variables(
    make: Make, tmp_path: Path, forked: bool
) -> None:
    hoards = "x = b'x' * (400 << 20); time.sleep(600)"
    body = f"{DAEMON}daemon({str(tmp_path / 'pid')!r}, {hoards!r})\nimport time\ntime.sleep(600)\n"
    with Parents() as parents:
        seen = run_once(make(body, memory_mib=300), None, None, parents if forked else None)
    assert "over its limit" in seen.detail


def test_a_forked_program_by_itself_is_counted_as_python_file_is(make: Make) -> None:
    finding = make("import time\nx = bytearray(b'x') * (100 << 20)\ntime.sleep(1)" + OK, memory_mib=1000)
    with Parents() as parents:
        forked, alone = run_once(finding, None, None, parents), run_once(finding, None, None)
    assert forked.peak_memory == pytest.approx(alone.peak_memory, rel=0.1)


def test_pages_that_may_not_be_looked_at_count_whole_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (os.getpid(), os.getppid()):
        (tmp_path / str(pid) / "smaps_rollup").mkdir(parents=True)  # cannot be read, by nobody
    processes = [psutil.Process(), psutil.Process(os.getppid())]
    monkeypatch.setattr(descendants, "_PROC", tmp_path)
    counted = memory_of(processes, limit=0)
    assert counted.used == pytest.approx(sum(process.memory_info().rss for process in processes), rel=0.05)
    assert "2 of 2 processes" in counted.note


def test_pages_are_looked_at_only_above_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descendants, "_proportional", lambda pid: pytest.fail("it was looked at"))
    processes = [psutil.Process(), psutil.Process(os.getppid())]
    assert memory_of(processes, limit=1 << 40).note == ""
