"""What Ctrl-C and SIGTERM do to a command that waits for an index which does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogue.programs import ignoring_signals, obeying_signals, wait_for
from sharpbits.interruption import interruptible
from timetravel.conftest import environment
from timetravel.local_index import LocalIndex

Start = Callable[..., "subprocess.Popen[str]"]

PERIOD = ["--since", "2025-02-01", "--until", "2025-12-15"]
PACKAGES = ["--with", "frontend", "--with", "solver", "--with", "logger"]
BISECT = ["bisect", "--run", "true", *PACKAGES, *PERIOD]


@pytest.fixture
def start(tmp_path: Path, index: LocalIndex) -> Iterator[Start]:
    running = []

    def start(*arguments: str, how: Callable[[list[str]], list[str]] = obeying_signals) -> subprocess.Popen[str]:
        command = how([sys.executable, "-m", "sharpbits.cli", *arguments])
        variables = environment(tmp_path, index)
        process = subprocess.Popen(command, env=variables, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process

    try:
        yield start
    finally:
        index.answers.set()
        for process in running:
            process.kill()
            process.communicate()


def until_it_waits(process: subprocess.Popen[str], index: LocalIndex, said: str | None) -> None:
    """Return when the command waits for an index that stopped answering as soon as it had ``said`` something."""
    if said is None:
        index.answers.clear()
    else:
        assert process.stderr is not None
        for line in process.stderr:
            if said in line:
                break
        index.answers.clear()
    before = len(index.asked)
    wait_for(lambda: len(index.asked) > before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (BISECT, None),
        (BISECT, "asking for the releases"),
        (["stack", "--at", "2025-05-05", *PACKAGES], None),
        (["watch", "--component", "jax"], None),
        (["matrix", "--component", "jax"], None),
    ],
    ids=["bisect-at-once", "bisect-in-its-threads", "stack", "watch", "matrix"],
)
def test_a_signal_ends_what_waits_for_an_index_within_two_seconds(
    start: Start, index: LocalIndex, command: list[str], said: str | None, number: signal.Signals
) -> None:
    process = start(*command)
    until_it_waits(process, index, said)
    struck = time.monotonic()
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - struck < 2
    assert process.returncode == 130, told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_was_ignored_from_the_start_stays_ignored(
    start: Start, index: LocalIndex, number: signal.Signals
) -> None:
    process = start("stack", "--at", "2025-05-05", *PACKAGES, how=ignoring_signals)
    until_it_waits(process, index, None)
    process.send_signal(number)
    time.sleep(0.5)
    index.answers.set()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_event_is_set_before_the_exception_is_raised(number: signal.Signals) -> None:
    inherited = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), interruptible() as stop:  # noqa: PT012 (the signal is the statement)
            assert not stop.is_set()
            os.kill(os.getpid(), number)
            time.sleep(5)
        assert stop.is_set()
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, inherited)


@pytest.mark.parametrize("to_the_end", [False, True])
def test_a_signal_that_strikes_while_handlers_are_put_in_place_leaves_none_of_them_behind(
    monkeypatch: pytest.MonkeyPatch, to_the_end: bool
) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    real = signal.signal

    def striking(number: signal.Signals, handler: Any) -> Any:
        old = real(number, handler)
        if handler is not signal.default_int_handler:
            os.kill(os.getpid(), number)
        return old

    try:
        monkeypatch.setattr(signal, "signal", striking)
        with pytest.raises(KeyboardInterrupt), interruptible(to_the_end=to_the_end):
            pytest.fail("it had not begun")
        left = {signal.getsignal(number) for number in numbers}
        assert left == {signal.SIG_IGN if to_the_end else signal.default_int_handler}
    finally:
        for number, handler in zip(numbers, before, strict=True):
            real(number, handler)
