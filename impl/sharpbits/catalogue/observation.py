"""Turn the end of a finding's process into what was observed, or into what is wrong with the finding file."""

from __future__ import annotations

import errno
import re
import signal
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sharpbits import checks
from sharpbits.catalogue.mistakes import own_mistake
from sharpbits.catalogue.outcome import Outcome
from sharpbits.catalogue.process import STDOUT_LIMIT, ProcessEnd
from sharpbits.catalogue.reported import MalfunctionError, read_result

#: How many of the last stderr lines a report keeps.
STDERR_LINES = 20

# "catalyst failed with error code -6": the compiler's own process died of a signal.
_COMPILER_SIGNAL = re.compile(r"failed with error code -(\d+)")
_COMPILER_EXCEPTION = re.compile(r"(CompileError|BackendCompilerFailed|InductorError|LoweringException)$")
# "OSError: [Errno 28] No space left on device": of the machine, or of the user's quota or limit, not of a package.
_DISK_FULL = re.compile(rf"\[Errno ({errno.ENOSPC}|{errno.EDQUOT}|{errno.EFBIG})\]")
_EXCEPTION_LINE = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):\n"
# In the traceback of a group, what belongs to it stands to the right of a line, and its parts below rules.
_HEADER = re.compile(r"^(?P<group>  \+ Exception Group )?Traceback \(most recent call last\):\n", re.MULTILINE)
_MARGIN = re.compile(r"^ +\| ")
_RULE = re.compile(r"^ +\+[-+]")
# A frame of the program itself that stands at an import statement: "    import pennylane as qml".
_IMPORT_FRAME = re.compile(r"^  File .*, in <module>\n    (import|from) ", re.MULTILINE)
_DETAIL_LIMIT = 400
#: A compiler may dump its whole program into an exception: its first and last part are kept for ``match``.
_TEXT_LIMIT = 1 << 16


@dataclass(frozen=True)
class Observation:
    """What one run of a finding showed."""

    outcome: Outcome
    #: One line for the reader: the exception, the signal, or what the finding has to say of its numbers.
    detail: str
    seconds: float
    peak_memory: int
    observed: Any = None
    expected: Any = None
    error: float | str | None = None
    tolerance: float | None = None
    #: Type of an uncaught Python exception.
    exception: str | None = None
    #: Its text, or what a process wrote to stderr before a signal killed it; a row's ``match`` searches it. The middle
    #: of a very long one is left out.
    text: str = ""
    #: Name of the signal that ended the finding's process, or the compiler's.
    signal: str | None = None
    stderr_tail: tuple[str, ...] = ()
    #: The exception came up while the program imported something.
    importing: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what a report stores."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: object) -> Observation:
        """Undo :meth:`as_dict`.

        Raises
        ------
        ValueError
            It is not what was stored; says which part of it.
        """
        part = checks.Part(stored)
        return cls(
            outcome=part.get("outcome", checks.one_of(Outcome)),
            detail=part.get("detail", checks.text),
            seconds=part.get("seconds", checks.number),
            peak_memory=int(part.get("peak_memory", checks.number)),
            observed=part.get("observed", checks.anything),
            expected=part.get("expected", checks.anything),
            error=part.get("error", checks.or_none(checks.number_or_name)),
            tolerance=part.get("tolerance", checks.or_none(checks.number)),
            exception=part.get("exception", checks.or_none(checks.text)),
            text=part.get("text", checks.text),
            signal=part.get("signal", checks.or_none(checks.text)),
            stderr_tail=part.get("stderr_tail", checks.each(checks.text)),
            importing=part.get("importing", checks.flag),
        )


def observe(end: ProcessEnd, file: Path | None = None) -> Observation:
    """Classify the end of one run.

    Parameters
    ----------
    file
        The finding's own, as it was run: what goes wrong by its own mistake says nothing of the packages.

    Raises
    ------
    MalfunctionError
        No result, several, a malformed one, too much output, processes left behind, killed from outside, or a mistake
        of the file's own: the run says nothing of the packages under test.
    """
    mistake = own_mistake(end.stderr, file) if file is not None and end.returncode > 0 else None
    if mistake is not None:
        raise MalfunctionError(mistake)
    failed = observe_failure(end)
    if failed is not None:
        return failed
    if end.left_behind:
        raise MalfunctionError(f"left processes running, which were killed: {', '.join(end.left_behind)}")
    return _reported(end)


def observe_failure(end: ProcessEnd, *, stderr: str | None = None) -> Observation | None:
    """Classify the end of any program that did not end well; None: exit status 0.

    Parameters
    ----------
    stderr
        Where to look for a traceback, for a program that prints it elsewhere.

    Raises
    ------
    MalfunctionError
        Too much output, killed from outside, or out of disk space.
    """
    if end.over_output:
        raise MalfunctionError(f"printed more than {STDOUT_LIMIT >> 20} MiB to stdout and was stopped")
    if end.over_time:
        return _seen_from_outside(end, Outcome.HANG, f"still running after {end.seconds:.0f} s, killed")
    if end.over_memory:
        used = f"used {end.peak_memory / 2**30:.1f} GiB of memory, over its limit, killed"
        return _seen_from_outside(end, Outcome.CRASH, used + (end.memory_note and f" ({end.memory_note})"))
    if end.returncode < 0:
        name = _signal_name(-end.returncode)
        if name == "SIGKILL":  # no program does this to itself, and our own kills were told apart above
            raise MalfunctionError(
                "killed by SIGKILL from outside, by the kernel for want of memory or by hand: run again"
            )
        # A failed assertion is told on stderr before the signal.
        return _seen_from_outside(end, Outcome.CRASH, f"killed by {name}", text=end.stderr, signal_name=name)
    if end.returncode > 0:
        return _failed(end if stderr is None else replace(end, stderr=stderr))
    return None


def _seen_from_outside(
    end: ProcessEnd,
    outcome: Outcome,
    detail: str,
    *,
    exception: str | None = None,
    text: str = "",
    signal_name: str | None = None,
    importing: bool = False,
) -> Observation:
    return Observation(
        outcome,
        _shortened(detail, _DETAIL_LIMIT),
        end.seconds,
        end.peak_memory,
        exception=exception,
        text=_shortened(f"{detail}\n{text}", _TEXT_LIMIT),
        signal=signal_name,
        stderr_tail=_tail(end.stderr),
        importing=importing,
    )


def _failed(end: ProcessEnd) -> Observation:
    """Classify a non-zero exit: the compiler's abort, its refusal, another exception, or a bare status."""
    exception, text = _uncaught_exception(end.stderr)
    if exception is None:
        return _seen_from_outside(end, Outcome.ERROR, f"exit status {end.returncode} without a traceback")
    detail = f"{exception.rpartition('.')[2]}: {_one_line(text)}"
    if exception == "OSError" and _DISK_FULL.match(text):
        raise MalfunctionError(f"the machine has no room for what it writes ({detail}): free some, and run again")
    if not _COMPILER_EXCEPTION.search(exception):
        importing = _IMPORT_FRAME.search(end.stderr.rpartition(_TRACEBACK)[2]) is not None
        return _seen_from_outside(end, Outcome.ERROR, detail, exception=exception, text=text, importing=importing)
    died = _COMPILER_SIGNAL.search(text)
    if died is None:
        return _seen_from_outside(end, Outcome.COMPILE_ERROR, detail, exception=exception, text=text)
    name = _signal_name(int(died[1]))
    return _seen_from_outside(
        end,
        Outcome.CRASH,
        f"compiler aborted by {name}: {detail}",
        exception=exception,
        text=text,
        signal_name=name,
    )


def _uncaught_exception(stderr: str) -> tuple[str | None, str]:
    """Return type and text of the exception whose traceback ends stderr."""
    group = _uncaught_group(stderr)
    if group is not None:
        return group
    _, traceback, block = stderr.rpartition(_TRACEBACK)
    if not traceback:
        # A SyntaxError in the file itself has no traceback header.
        block = stderr
    lines = block.splitlines()
    for number, line in enumerate(lines):
        if line and not line[0].isspace():
            found = _EXCEPTION_LINE.match(line)
            if found and (traceback or found["type"].endswith(("Error", "Exception"))):
                return found["type"], "\n".join([found["text"] or "", *lines[number + 1 :]]).strip()
    return None, ""


def _uncaught_group(stderr: str) -> tuple[str, str] | None:
    """Return type and text of an exception group whose traceback ends stderr.

    The text is its own, then the types and texts of its parts, a line each, without their frames.
    """
    headers = list(_HEADER.finditer(stderr))
    if not headers or headers[-1]["group"] is None:
        return None
    header = headers[-1]
    told: list[str] = []
    for line in stderr[header.end() :].splitlines():
        margin = _MARGIN.match(line)
        # Without a margin it is a further line of a part's text.
        inside = line[margin.end() :] if margin else line
        if told and not (inside.startswith(("  ", _TRACEBACK.strip())) or _RULE.match(line)):
            told.append(inside)
        elif margin and (found := _EXCEPTION_LINE.match(inside)):
            told += [found["type"], found["text"] or ""]
    return (told[0], "\n".join(told[1:]).strip()) if told else None


def _reported(end: ProcessEnd) -> Observation:
    result = read_result(end.stdout)
    return Observation(
        result.outcome,
        _shortened(_one_line(result.detail), _DETAIL_LIMIT),
        end.seconds,
        end.peak_memory,
        observed=result.observed,
        expected=result.expected,
        error=result.error,
        tolerance=result.tolerance,
        stderr_tail=() if result.outcome is Outcome.OK else _tail(end.stderr),
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shortened(text: str, limit: int) -> str:
    """Leave out the middle of a text that is too long: what failed stands first, and why often last."""
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]} … {text[-half:]}"


def _tail(text: str) -> tuple[str, ...]:
    return tuple(line[:300] for line in text.splitlines()[-STDERR_LINES:])
