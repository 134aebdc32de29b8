"""What a command of the user's own says of a stack, and what it does not."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from sharpbits.catalogue import Outcome
from sharpbits.timetravel.signature import Signature
from sharpbits.timetravel.subject import CommandSubject

HERE = Path(sys.executable)


def shown(line: str, python: Path = HERE, timeout_s: float = 60) -> Signature | str:
    """What one run of a command counts as: its side's signature, or why it says nothing."""
    subject = CommandSubject(line, (), timeout_s=timeout_s)
    observation = subject.run(python, threading.Event())
    return subject.untestable(observation) or subject.signature(observation)


@pytest.mark.parametrize(
    "line",
    ["exit 1", "exit 2", "exit 124", "exit 126", "exit 127", "no_such_command", "kill -SEGV $$",
     "python -c 'import no_such_module'", "python -c 'import json; assert 0'", "python -c 'import os; os.abort()'"],
)  # fmt: skip
def test_every_failure_of_a_command_is_bad_and_all_are_alike(line: str) -> None:
    seen = shown(line)
    assert isinstance(seen, Signature)
    assert seen == shown("exit 3")
    assert seen.outcome is not Outcome.OK


def test_a_command_over_its_time_is_bad_too() -> None:
    assert shown("sleep 30", timeout_s=0.5) == shown("exit 1")


def test_only_status_125_says_nothing() -> None:
    assert shown("exit 0") == Signature(Outcome.OK)
    assert shown("python -c 'import no_such_module' || exit 125") == "exit status 125"


def test_an_interpreter_that_does_not_start_is_the_environments_failure(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho 'Fatal Python error: init_fs_encoding' >&2\nexit 1\n")
    python.chmod(0o755)
    seen = shown("python script.py", python)
    assert seen == "the interpreter of the environment does not start: Fatal Python error: init_fs_encoding"
    assert shown("exit 0", python) == Signature(Outcome.OK), "a command that needs no Python ran"


def test_what_a_reader_is_told_of_a_failure_is_its_own_text() -> None:
    assert "AssertionError: seven" in str(shown("python -c 'import json; assert 0, \"seven\"'"))


def test_of_a_failure_without_a_text_its_type_is_told_once() -> None:
    assert str(shown("python -c 'import json; assert 0'")) == "error (AssertionError)"
