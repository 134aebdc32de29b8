"""Strategy ``dask``: the workers of a Dask.distributed cluster, one that runs already or a local one.

A scheduler gives what a lost worker had to another one; what loses several workers in a row is given up, with an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any

from sharpbits.phasetype.errors import RecordingError
from sharpbits.phasetype.strategies.base import Strategy, imported
from sharpbits.phasetype.strategies.packing import balanced
from sharpbits.phasetype.strategies.work import record_documents

#: Tasks for each thread of a worker: one that is done early takes another, and one that is lost is not the whole work.
_TASKS = 4

#: How long a scheduler may take to answer, and to have a worker.
_CONNECT_S, _WORKERS_S = 10.0, 10.0

#: How often a wait looks whether anybody works, and for how long nobody may.
_LOOK_S, _ALONE_S = 1.0, 30.0


class Dask(Strategy):
    """Tasks of several documents each, on a cluster.

    Parameters
    ----------
    scheduler
        Address of a running one, e.g. ``tcp://host:8786``; None: a cluster in this process, for as long as it takes.
    workers
        Of the cluster in this process, each with one thread; 0: as many as there are processors.
    """

    name = "dask"

    def __init__(self, scheduler: str | None = None, workers: int = 0) -> None:
        self._distributed: Any = imported("distributed", self.name, "phasetype-dask")
        self._scheduler = scheduler
        self._workers = workers or len(os.sched_getaffinity(0))
        self._client: Any = None
        self._cluster: Any = None

    def __enter__(self) -> Dask:
        if self._scheduler is not None:
            self._connect(self._scheduler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in (self._client, self._cluster):
            if one is not None:
                one.close()
        self._client = self._cluster = None

    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        """Yield the outcomes of each task as it is done; the first failure cancels the others."""
        if self._client is None:
            self._start()
        threads = self._threads()
        shares = balanced([len(document) for document in documents], min(len(documents), _TASKS * max(threads, 1)))
        futures = {
            self._client.submit(record_documents, [documents[number] for number in share], pure=False): share
            for share in shares
        }
        waiting = set(futures)
        try:
            while waiting:
                for future in self._next(waiting):
                    waiting.remove(future)
                    # Of a task that returns too little, what is missing is told by whoever asked for it.
                    for number, outcome in zip(futures[future], self._result(future), strict=False):
                        recorded()
                        yield number, outcome
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel(list(waiting))

    def _next(self, waiting: set[Any]) -> set[Any]:
        """Wait for tasks to be done and return them; a cluster that has lost all of its workers is given some time."""
        alone = 0.0
        while True:
            try:
                with self._client.as_current():
                    found = self._distributed.wait(waiting, timeout=_LOOK_S, return_when="FIRST_COMPLETED")
            except TimeoutError:
                alone = 0.0 if self._threads() else alone + _LOOK_S
                if alone >= _ALONE_S:
                    raise self._failed(f"all workers are gone, for {_ALONE_S:.0f} seconds") from None
            except (OSError, CancelledError) as error:
                raise self._scheduler_gone(error) from error
            else:
                done: set[Any] = found.done
                return done

    def _result(self, future: Any) -> list[bytes]:
        """Return a task's outcomes; the work itself never raises, so an exception is the cluster's.

        Whoever had the outcomes may have been lost since: then the scheduler has them made again, if there is a worker.
        """
        patience = _ALONE_S
        while True:
            try:
                found: list[bytes] = future.result(timeout=patience)
            except TimeoutError:
                if not self._threads():
                    raise self._failed("all workers are gone, and with them what they recorded") from None
                patience *= 2
            except Exception as error:
                raise self._failed(f"{type(error).__name__}: {error}") from error
            else:
                return found

    def _threads(self) -> int:
        """Return how many threads all workers have together."""
        try:
            return sum(self._client.nthreads().values())
        except (OSError, CancelledError) as error:
            raise self._scheduler_gone(error) from error

    def _scheduler_gone(self, error: BaseException) -> RecordingError:
        return self._failed(f"the scheduler is gone: {type(error).__name__}: {error}")

    def _failed(self, why: str) -> RecordingError:
        return RecordingError(
            "the eliminations could not be recorded",
            why=why,
            resolution="look at the logs of the cluster's workers: they need sharpbits of this version, and memory",
            scheduler=self._scheduler or "in this process",
        )

    def _start(self) -> None:
        # Threads of this process: the recording releases the interpreter's lock, and no program has to be guarded by
        # `if __name__ == "__main__"`. Any port for the page that Dask serves, and for this machine only.
        self._cluster = self._distributed.LocalCluster(
            n_workers=self._workers, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        )
        self._client = self._distributed.Client(self._cluster, set_as_default=False)

    def _connect(self, address: str) -> None:
        try:
            self._client = self._distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
        except (OSError, ValueError, TimeoutError) as error:
            why = "it has no workers" if self._client is not None else f"{type(error).__name__}: {error}"
            self.__exit__(type(error), error, None)
            raise RecordingError(
                "strategy='dask' cannot be used",
                why=f"the scheduler cannot be worked with: {why}",
                resolution="give the address that `dask scheduler` prints, with workers connected to it, or none for a "
                "cluster of this process",
                scheduler=address,
            ) from error
