"""Two contestants in one process, taking turns (A B A B …), and a verdict on the ratio of their times.

Turns cancel what a machine does to both alike: frequency, neighbours, temperature. What is judged is the median over
the rounds of *their time over our time*, by a bootstrap interval. It **passes** when the whole interval clears the
factor that was claimed, **fails** when the whole interval lies below, and is otherwise **undecided**: then more rounds
are run, and if the time is up it is reported as such.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sharpbits.errors import SharpbitsError
from sharpbits.gate.bounds import Interval, median_interval
from sharpbits.gate.instruments import fixed_threads, peak_memory, wait_for_devices

#: A timing shorter than this is made of several calls, so that the clock's own cost does not count.
_SHORTEST_TIMING_S = 1e-3
_FIRST_ROUNDS = 20
_MOST_ROUNDS = 320


class GateVerdict(StrEnum):
    """What a contest showed of the claim."""

    PASSES = "passes"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass
class Contestant:
    """One side of a contest and its figures."""

    run: Callable[[], Any]
    #: Whether what is counted is the processors' time, of all threads, and not the clock's.
    processor_time: bool = False
    #: Seconds of one call, a timing for each round.
    times: list[float] = field(default_factory=list)
    calls_per_timing: int = 1
    #: Seconds of the first call beyond a usual one: tracing, compiling, caching.
    compile_s: float = 0.0
    peak_memory: dict[str, int] = field(default_factory=dict)

    def timing(self) -> float:
        """Time one call, its results ready on every device."""
        started = self.now()
        for _ in range(self.calls_per_timing):
            wait_for_devices(self.run())
        return (self.now() - started) / self.calls_per_timing

    def now(self) -> float:
        """Read the clock that counts."""
        return time.process_time() if self.processor_time else time.perf_counter()


@dataclass(frozen=True)
class ContestResult:
    """The outcome of a contest: how many times faster ours is."""

    verdict: GateVerdict
    at_least: float
    speedup: Interval
    ours: Contestant
    theirs: Contestant
    threads: int

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored beside pytest-benchmark's own statistics."""
        return {
            "verdict": str(self.verdict),
            "at_least": self.at_least,
            "speedup": self.speedup.median,
            "speedup_low": self.speedup.low,
            "speedup_high": self.speedup.high,
            "threads": self.threads,
            "processor_time": self.ours.processor_time,
            **{
                f"{side}_{name}": value
                for side, contestant in (("ours", self.ours), ("theirs", self.theirs))
                for name, value in (
                    ("times", contestant.times),
                    ("compile_s", contestant.compile_s),
                    ("peak_memory", contestant.peak_memory),
                )
            },
        }

    def __str__(self) -> str:
        interval = f"{self.speedup.low:.3g} to {self.speedup.high:.3g}"
        return (
            f"{self.verdict}: {self.speedup.median:.3g} times as fast ({interval}, {len(self.ours.times)} rounds), "
            f"claimed at least {self.at_least:g}"
        )


def hold_contest(
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    *,
    at_least: float,
    agree: Callable[[Any, Any], None] | None,
    max_seconds: float = 60.0,
    threads: int | None = None,
    processor_time: bool = False,
) -> ContestResult:
    """Time two contestants against each other.

    Parameters
    ----------
    ours, theirs
        Called without arguments; they return what they computed.
    at_least
        The claim: theirs takes at least this many times as long. Below 1 it states what ours may cost more.
    agree
        Raises where the two results differ beyond what was stated; called once, before anything is timed. None where
        there is nothing to compare.
    max_seconds
        After this time no further rounds are begun.
    threads
        Threads of BLAS, OpenMP and torch for both; default: the cores this process may use.
    processor_time
        Judge the time of the processors, of all threads, instead of the clock's: on a machine with other work to do it
        is steadier, and what several threads gain is not seen.

    Raises
    ------
    SharpbitsError
        ``at_least`` is not a positive number, or the results do not agree.
    """
    if not (math.isfinite(at_least) and at_least > 0):
        raise SharpbitsError(
            "a contest cannot be held",
            why=f"at_least is {at_least!r}",
            resolution="claim a positive ratio of their time over ours",
        )
    sides = (Contestant(ours, processor_time), Contestant(theirs, processor_time))
    with fixed_threads(threads) as count, _quiet_collector():
        results = [_warm_up(side) for side in sides]
        if agree is not None:
            agree(*results)
        del results
        deadline = time.monotonic() + max_seconds
        rounds = _FIRST_ROUNDS
        while True:
            _take_turns(sides, rounds)
            verdict, speedup = _judge(sides, at_least)
            finished = len(sides[0].times) >= _MOST_ROUNDS or time.monotonic() >= deadline
            if verdict is not GateVerdict.UNDECIDED or finished:
                break
            rounds = len(sides[0].times)  # double them
        for side in sides:
            side.peak_memory = peak_memory(side.run)
    return ContestResult(verdict, at_least, speedup, *sides, threads=count)


def _warm_up(side: Contestant) -> Any:
    """Make the first calls, which compile and fill caches, and find out how many calls fill one timing."""
    started = side.now()
    result = side.run()
    wait_for_devices(result)
    first = side.now() - started
    usual = min(side.timing() for _ in range(2))
    side.compile_s = max(0.0, first - usual)
    side.calls_per_timing = max(1, math.ceil(_SHORTEST_TIMING_S / max(usual, 1e-9)))
    return result


def _take_turns(sides: tuple[Contestant, Contestant], rounds: int) -> None:
    for _ in range(rounds):
        gc.collect(0)  # the same small debt for both, outside of their timings
        for side in sides:
            side.times.append(side.timing())


def _judge(sides: tuple[Contestant, Contestant], at_least: float) -> tuple[GateVerdict, Interval]:
    ours, theirs = sides
    speedup = median_interval([other / own for own, other in zip(ours.times, theirs.times, strict=True)])
    return judge_interval(speedup, at_least), speedup


def judge_interval(speedup: Interval, at_least: float) -> GateVerdict:
    """Pass only what clears the claim as a whole, fail only what misses it as a whole."""
    if speedup.low >= at_least:
        return GateVerdict.PASSES
    if speedup.high < at_least:
        return GateVerdict.FAILS
    return GateVerdict.UNDECIDED


class _quiet_collector(AbstractContextManager[None]):  # noqa: N801 (used as a function is)
    """No garbage collection inside a timing."""

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.collect()
        gc.disable()

    def __exit__(self, *exception: object) -> None:
        if self._was_enabled:
            gc.enable()
