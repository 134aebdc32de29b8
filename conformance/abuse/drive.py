"""Put something through thousands of mutations: each has an answer or one clear refusal, within seconds."""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

#: Of one mutation; all of them take milliseconds.
DEADLINE_S = 10

#: How many mutations: in every run of the suite the same thousand, each night ten thousand others.
amounts = pytest.mark.parametrize("amount", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])


class HangError(Exception):
    """An answer took longer than the deadline."""


@contextmanager
def watchdog() -> Iterator[None]:
    """End what takes too long: Python by an exception, whatever hears of no signal by the end of the process."""

    def bite(number: int, frame: object) -> None:
        raise HangError(f"no answer within {DEADLINE_S} s")

    previous = signal.signal(signal.SIGALRM, bite)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    faulthandler.dump_traceback_later(6 * DEADLINE_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def drive(amount: int, strategy: st.SearchStrategy[Any], rule: Callable[[Any], bool]) -> None:
    """Hold a rule against many examples; it returns whether there was an answer, and both must occur."""
    answers = {True: 0, False: 0}

    @settings(
        max_examples=amount,
        derandomize=amount <= 1_000,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        with watchdog():
            answers[rule(example)] += 1

    run()
    assert all(answers.values()), f"nothing is tried where all are alike: {answers}"


def refusal(*texts: str) -> bool:
    """Make sure that each is something to read, in one line, and say that there was no answer."""
    for text in texts:
        assert text.strip()
        assert len(text.splitlines()) == 1, repr(text)
        assert len(text) < 2000
    return False
