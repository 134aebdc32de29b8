"""What the command line makes of what nobody foresaw."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sharpbits.cli
from catalogue.programs import obeying_signals
from sharpbits.cli import application


@pytest.fixture(autouse=True)
def dispositions() -> Iterator[None]:
    """What the command line makes of signals holds to the end of its process, which this one is not."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def failing(error: Exception) -> object:
    def app() -> None:
        raise error

    return app


def test_what_the_system_refuses_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sharpbits.cli, "take_streams", _streams)
    monkeypatch.setattr(application, "app", failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")))
    with pytest.raises(SystemExit) as ended:
        sharpbits.cli.main()
    assert ended.value.code == 2
    told = capfd.readouterr().err
    assert "No space left on device: '/tmp/x'" in told
    assert len(told.splitlines()) == 1


def test_a_fault_of_its_own_is_never_taken_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sharpbits.cli, "take_streams", _streams)
    monkeypatch.setattr(application, "app", failing(ZeroDivisionError("a mistake")))
    with pytest.raises(SystemExit) as ended:
        sharpbits.cli.main()
    assert ended.value.code == os.EX_SOFTWARE
    assert "ZeroDivisionError: a mistake" in capfd.readouterr().err


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)


def ended(code: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with an application of our making."""
    start = "import atexit, os, sys\nfrom sharpbits import cli\nfrom sharpbits.cli import application\n"
    command = obeying_signals([sys.executable, "-c", f"{start}{code}\ncli.main()"])
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@SIGNALS
def test_a_signal_that_strikes_no_command_in_particular_ends_in_a_word(number: signal.Signals) -> None:
    told = ended(f"application.app = lambda: os.kill(os.getpid(), {number.value})")
    assert (told.returncode, told.stderr) == (130, "interrupted\n")


def test_a_signal_that_strikes_while_text_is_executed_has_the_same_exit_status(tmp_path: Path) -> None:
    """As it is in every import of a dataclass. Of a module that runs, CPython takes it for an unhandled interrupt."""
    (tmp_path / "started.py").write_text(
        "from sharpbits import cli\nfrom sharpbits.cli import application\n"
        "application.app = lambda: exec('import os; os.kill(os.getpid(), 2)')\ncli.main()\n"
    )
    command = obeying_signals([sys.executable, "-m", "started"])
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (130, "interrupted\n")


@SIGNALS
@pytest.mark.parametrize("status", [0, 1, 130])
def test_a_signal_that_comes_after_the_end_does_not_change_it(number: signal.Signals, status: int) -> None:
    told = ended(
        f"application.app = lambda: sys.exit({status})\natexit.register(lambda: os.kill(os.getpid(), {number.value}))"
    )
    assert (told.returncode, told.stderr) == (status, "")


def test_an_output_that_nobody_reads_holds_up_no_end() -> None:
    code = (
        "from sharpbits import cli\nfrom sharpbits.cli import application\n"
        "application.app = lambda: print('x' * (1 << 20))\ncli.main()"
    )
    command = obeying_signals([sys.executable, "-c", code])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        program.stdout.read(1)  # it writes, and the pipe is full from now on
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 130
        assert program.stderr is not None
        assert program.stderr.read() == "interrupted\n"


class _Streams:
    def flush(self) -> None:
        """Nothing is buffered."""

    def finish(self) -> None:
        """Nothing is buffered."""


def _streams() -> _Streams:
    return _Streams()
