"""What the command line makes of what nobody foresaw."""

from __future__ import annotations

import errno
import os

import pytest

import sharpbits.cli


def failing(error: Exception) -> object:
    def app() -> None:
        raise error

    return app


def test_what_the_system_refuses_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sharpbits.cli, "take_streams", _streams)
    monkeypatch.setattr(sharpbits.cli, "app", failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")))
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
    monkeypatch.setattr(sharpbits.cli, "app", failing(ZeroDivisionError("a mistake")))
    with pytest.raises(SystemExit) as ended:
        sharpbits.cli.main()
    assert ended.value.code == os.EX_SOFTWARE
    assert "ZeroDivisionError: a mistake" in capfd.readouterr().err


class _Streams:
    def finish(self) -> None:
        """Nothing is buffered."""


def _streams() -> _Streams:
    return _Streams()
