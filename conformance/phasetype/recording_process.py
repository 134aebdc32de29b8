"""A process that records: started by the tests of ``pmap``, alone with several devices or as one of several processes.

``python recording_process.py SCENARIO... [--processes N --index I --port P] [--folder DIR]``. It prints a line of JSON
for each scenario: what came back, or the error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sharpbits.errors import SharpbitsError
from sharpbits.phasetype import two_island
from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.elimination import Elimination, eliminate
from sharpbits.phasetype.hierarchy import record_hierarchically, record_patterns
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.strategies import get_strategy, work

#: An island model of sixteen cyclic components, and one that a page does not hold.
MODEL = (8, 9)
LARGE = 30_000


def ring(size: int) -> Pattern:
    return Pattern.of([(i, (i + 1) % size) for i in range(size)], size=size)


def digest_of_model(strategy: str, **options: Any) -> str:
    """Return the SHA-256 of the model's trace, all of its arrays."""
    trace = record_hierarchically(two_island(*MODEL), strategy=strategy, **options)
    return hashlib.sha256(b"".join(array.tobytes() for array in (trace.blocks, *trace.places()))).hexdigest()


class Scenarios:
    """Each returns what is to be printed. ``recorded`` collects the sizes of what this process recorded itself."""

    def __init__(self, index: int, folder: Path | None) -> None:
        self.index = index
        self.folder = folder
        self.recorded: list[int] = []
        self.threads: set[int] = set()
        self.before: Callable[[Pattern], None] = lambda _: None
        vars(work)["eliminate"] = self.eliminate

    def eliminate(self, pattern: Pattern) -> Elimination:
        self.before(pattern)
        self.recorded.append(pattern.size)
        self.threads.add(threading.get_ident())
        return eliminate(pattern)

    def model(self) -> dict[str, Any]:
        return {"trace": digest_of_model("pmap"), "recorded": sorted(self.recorded), "threads": len(self.threads)}

    def auto(self) -> dict[str, Any]:
        told: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
        logger = logging.getLogger("sharpbits.phasetype.strategies")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        return {"trace": digest_of_model("auto", progress=True), "told": told}

    def large(self) -> dict[str, Any]:
        """Patterns of many pages, for each device one."""
        patterns = [ring(LARGE + number) for number in range(4)]
        with get_strategy("pmap") as strategy:
            found = record_patterns(patterns, strategy)
        return {"equal": all(found[one] == eliminate(one) for one in patterns)}

    def error(self) -> dict[str, Any]:
        """One of the units fails, on whichever process it falls to."""

        def fails(pattern: Pattern) -> None:
            if pattern.size == 6:
                raise MemoryError("no memory to record an elimination")

        return self._of_patterns(fails)

    def malformed(self) -> dict[str, Any]:
        broken = ring(6)
        broken.__dict__["document"] = b'{"document":"sharpb'
        return self._of_patterns(lambda _: None, broken)

    def other_graphs(self) -> dict[str, Any]:
        return self._of_patterns(lambda _: None, ring(6 + self.index))

    def other_counts(self) -> dict[str, Any]:
        return self._of_patterns(lambda _: None, *map(ring, range(20, 20 + 50 * self.index)))

    def caches(self) -> dict[str, Any]:
        """The first process has some of the structures on its disk, the others none: they must still go together."""
        assert self.folder is not None
        cache = TraceCache(self.folder)
        if self.index == 0:
            record_hierarchically(two_island(3, 3), cache=cache)
        before = cache.info().entries
        self.recorded.clear()
        trace = digest_of_model("pmap", cache=cache)
        return {"trace": trace, "before": before, "after": cache.info().entries, "recorded": len(self.recorded)}

    def damaged_cache(self) -> dict[str, Any]:
        """The second process has a damaged file where the first has none: the first must not wait for it."""
        assert self.folder is not None
        cache = TraceCache(self.folder / "damaged")
        cache.check()
        if self.index == 1:
            (cache.folder / f"{ring(5).key}.trace").write_bytes(b"damaged")
        return self._of_patterns(lambda _: None, cache=cache)

    def unusable_cache(self) -> dict[str, Any]:
        """The first process cannot make its folder."""
        assert self.folder is not None
        (self.folder / "file").write_text("no folder")
        folder = self.folder / ("file" if self.index == 0 else "folder") / "traces"
        try:
            record_hierarchically(two_island(2, 2), strategy="pmap", cache=TraceCache(folder))
        except SharpbitsError as error:
            return described(error)
        return {}

    def killed(self) -> dict[str, Any]:
        """The second process dies in the middle of its work, after the processes have found one another."""

        def dies(pattern: Pattern) -> None:
            if self.index == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        return self._of_patterns(dies)

    def _of_patterns(
        self, before: Callable[[Pattern], None], *more: Pattern, cache: TraceCache | None = None
    ) -> dict[str, Any]:
        self.before = before
        try:
            with get_strategy("pmap") as strategy:
                record_patterns([*more, *map(ring, range(3, 12))], strategy, cache=cache)
        except SharpbitsError as error:
            return described(error)
        finally:
            self.before = lambda _: None
        return {}


def described(error: SharpbitsError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "why": error.why,
        "context": {name: str(value) for name, value in error.context.items()},
        "notes": getattr(error, "__notes__", []),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="+")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--port", type=int)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    import jax

    if given.processes > 1:
        jax.distributed.initialize(f"127.0.0.1:{given.port}", given.processes, given.index)
    scenarios = Scenarios(given.index, given.folder)
    for name in given.scenarios:
        scenarios.recorded.clear()
        result = {"devices": jax.device_count(), **getattr(scenarios, name)()}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
        if name == "killed":
            # Without a farewell to the coordinator, which would wait for the one that is no more.
            os._exit(0)


if __name__ == "__main__":
    main()
