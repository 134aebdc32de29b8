"""Strategy ``dask``: a real scheduler with workers in processes of their own, one of which dies in its work."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from phasetype.patterns import ring
from phasetype.recording_process import digest_of_model
from sharpbits.phasetype.elimination import eliminate
from sharpbits.phasetype.errors import RecordingError
from sharpbits.phasetype.hierarchy import record_patterns
from sharpbits.phasetype.strategies import dask as dask_module
from sharpbits.phasetype.strategies import get_strategy

LIMIT_S = 120.0


class Cluster:
    """A scheduler and workers, each a process with a log of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start(
            "scheduler",
            "distributed.cli.dask_scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--idle-timeout", "600s"),
        )
        self._wait_for(lambda: self._file.exists() and self._file.read_text().rstrip().endswith("}"))

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        address: str = json.loads(self._file.read_text())["address"]
        return address

    def worker(self, preload: str = "") -> None:
        """Start one that runs a program first."""
        name = f"worker_{len(self.processes)}"
        program = self.folder / f"{name}.py"
        program.write_text(textwrap.dedent(preload))
        options = ["--nthreads", "1", "--no-nanny", "--preload", str(program), "--local-directory", str(self.folder)]
        self._start(name, "distributed.cli.dask_worker", *options)

    def ready(self) -> str:
        """Wait until all workers are with the scheduler; return its address."""
        logs = [self.folder / f"worker_{number}.log" for number in range(1, len(self.processes))]
        self._wait_for(lambda: all("Registered to" in log.read_text() for log in logs))
        return self.address

    def log(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        for one in reversed(self.processes):
            one.kill()
            one.wait()

    def _start(self, name: str, module: str, *options: str) -> None:
        command = [sys.executable, "-m", module, "--scheduler-file", str(self._file), *options]
        command += ["--dashboard-address", "127.0.0.1:0"]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder))

    def _wait_for(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT_S
        while not done():
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with contextlib.closing(Cluster(tmp_path)) as running:
        yield running


def recorded(address: str, sizes: range) -> dict[Any, Any]:
    with get_strategy("dask", scheduler=address) as strategy:
        return record_patterns(map(ring, sizes), strategy)


def test_a_running_cluster_gives_the_trace_of_the_sequential_strategy(cluster: Cluster) -> None:
    """And what fails in a worker reaches us with its stack trace."""
    for _ in range(2):
        cluster.worker(
            """
            from sharpbits.phasetype.strategies import work

            def fails_at_forty(pattern, eliminate=work.eliminate):
                if pattern.size == 40:
                    raise MemoryError("no memory to record an elimination")
                return eliminate(pattern)

            work.eliminate = fails_at_forty
            """
        )
    assert digest_of_model("dask", scheduler=cluster.ready()) == digest_of_model("sequential")
    with pytest.raises(RecordingError, match="MemoryError: no memory") as error:
        recorded(cluster.ready(), range(35, 45))
    assert error.value.context["unit"] == "6 of 10"
    assert "in fails_at_forty" in error.value.__notes__[0]


def test_what_a_killed_worker_had_is_done_by_another(cluster: Cluster) -> None:
    """The first of two workers that gets to the pattern of 20 dies of it; a worker is left, and does the rest."""
    marker = cluster.folder / "killed"
    for _ in range(2):
        cluster.worker(
            f"""
            import os, signal
            from sharpbits.phasetype.strategies import work

            def dies_once(pattern, eliminate=work.eliminate):
                if pattern.size == 20:
                    try:
                        os.close(os.open({str(marker)!r}, os.O_CREAT | os.O_EXCL))
                    except FileExistsError:
                        pass
                    else:
                        os.kill(os.getpid(), signal.SIGKILL)
                return eliminate(pattern)

            work.eliminate = dies_once
            """
        )
    found = recorded(cluster.ready(), range(10, 40))
    assert marker.exists()
    assert [one.poll() for one in cluster.processes].count(-9) == 1
    assert all(found[ring(size)] == eliminate(ring(size)) for size in range(10, 40))


def test_a_cluster_that_has_lost_all_its_workers_is_given_up(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_module, "_ALONE_S", 2.0)
    cluster.worker(
        """
        import os, signal
        from sharpbits.phasetype.strategies import work
        work.eliminate = lambda pattern: os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    with pytest.raises(RecordingError, match="all workers are gone") as error:
        recorded(cluster.ready(), range(10, 12))
    assert error.value.context["scheduler"] == cluster.address


def test_outcomes_that_are_lost_with_the_last_worker_are_given_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has done its work and says so, and dies before anybody has fetched it."""
    monkeypatch.setattr(dask_module, "_ALONE_S", 2.0)
    cluster.worker(
        """
        import os, signal
        from distributed import Worker

        def dies(worker, *arguments, **options):
            os.kill(os.getpid(), signal.SIGKILL)

        Worker.get_data = dies
        """
    )
    with pytest.raises(RecordingError, match="all workers are gone, and with them what they recorded"):
        recorded(cluster.ready(), range(10, 12))


def test_a_scheduler_that_dies_in_the_middle_is_told(cluster: Cluster) -> None:
    cluster.worker(
        f"""
        import os, signal, time
        from sharpbits.phasetype.strategies import work

        def kills(pattern):
            os.kill({cluster.processes[0].pid}, signal.SIGKILL)
            time.sleep(60)

        work.eliminate = kills
        """
    )
    with pytest.raises(RecordingError, match="the scheduler is gone"):
        recorded(cluster.ready(), range(10, 12))


def test_a_scheduler_without_workers_or_none_at_all_is_an_error_before_any_work(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_module, "_WORKERS_S", 1.0)
    with pytest.raises(RecordingError, match="it has no workers"):
        recorded(cluster.address, range(10, 12))
    monkeypatch.setattr(dask_module, "_CONNECT_S", 1.0)
    cluster.close()
    with pytest.raises(RecordingError, match="cannot be worked with"):
        recorded(cluster.address, range(10, 12))
    with pytest.raises(RecordingError, match="cannot be worked with"):
        recorded("nonsense://x", range(10, 12))


def test_a_local_cluster_ends_with_the_recording() -> None:
    import threading

    before = {one.name for one in threading.enumerate()}
    assert digest_of_model("dask", workers=2) == digest_of_model("sequential")
    left = {one.name for one in threading.enumerate()} - before
    assert not {name for name in left if "Worker" in name or "ThreadPool" in name}, left
