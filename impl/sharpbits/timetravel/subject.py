"""What is travelled with: a finding, a command of the user's own, or a test of theirs. Each runs in any stack."""

from __future__ import annotations

import json
import math
import os
import shlex
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import psutil

from sharpbits.catalogue import Finding, Observation, Outcome
from sharpbits.catalogue.environment import child_variables
from sharpbits.catalogue.observation import observe_failure
from sharpbits.catalogue.process import Limits, ProcessEnd, run_isolated
from sharpbits.catalogue.runner import InterruptedRunError, run_once
from sharpbits.catalogue.schema import ExpectationRow
from sharpbits.timetravel.scripts import data_in, digests, interpreted, parts_of, with_modules
from sharpbits.timetravel.signature import Signature, signature, status_signature, untestable

#: git bisect's way of saying that a revision cannot be tested.
CANNOT_TEST = 125
#: pytest: 1 is a failed test, 2 to 5 that it could not run any.
_PYTEST_FAILED = 1
_SHELL_SIGNAL = 128
#: An interpreter that takes longer to start does not.
_START_S = 60.0


class Subject(Protocol):
    """Something that shows, run in an environment, how that environment behaves."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """What a stack must contain for it, as PEP 508 requirements."""

    @property
    def rows(self) -> tuple[ExpectationRow, ...]:
        """Documented behaviour, to recognise failures by."""

    @property
    def repeats(self) -> int:
        """How often it must run at each end to show all that it may show."""

    def run(self, python: Path, stop: threading.Event) -> Observation:
        """Run it once with this interpreter.

        Raises
        ------
        MalfunctionError
            The run says nothing.
        KeyboardInterrupt
            ``stop`` was set.
        """

    def signature(self, observation: Observation) -> Signature:
        """Return what a run is recognised by: two stacks behave alike where these are equal."""

    def untestable(self, observation: Observation) -> str | None:
        """Return why a run says nothing of the stack, or None."""

    def contents(self) -> dict[str, str]:
        """Return the digests of the files that it consists of: edited, it is another subject."""

    def data(self) -> dict[str, str]:
        """Return the digests of the files that it reads, or writes: one that no run changes is a part of it, too."""

    def scripts(self) -> list[Path]:
        """Return the files that a reader of a report needs, where the report does not hold them already."""

    def command(self, python: str) -> str:
        """Return the shell command that runs it."""


@dataclass(frozen=True)
class FindingSubject:
    """A finding of the catalogue, with further requirements if the user has any."""

    finding: Finding
    extra: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The finding's id."""
        return self.finding.id

    @property
    def requirements(self) -> tuple[str, ...]:
        """Its dependencies, and the other packages that it needs to be applicable."""
        needed = tuple(
            one.removeprefix("package:") for one in self.finding.table.requires if one.startswith("package:")
        )
        return (*map(str, self.finding.needs), *needed, *self.extra)

    @property
    def rows(self) -> tuple[ExpectationRow, ...]:
        """All its expectation rows."""
        return self.finding.table.expect

    @property
    def repeats(self) -> int:
        """Ten where it is documented as varying, else as often as it says itself."""
        varying = any(len(row.outcome) > 1 or Outcome.NONDETERMINISTIC in row.outcome for row in self.rows)
        return max(self.finding.table.repeats, 10 if varying else 1)

    def run(self, python: Path, stop: threading.Event) -> Observation:
        """Run the file once, isolated."""
        try:
            return run_once(self.finding, python, stop)
        except InterruptedRunError as error:
            raise KeyboardInterrupt from error

    def signature(self, observation: Observation) -> Signature:
        """Return the outcome, and for a failure what its text has in common with others."""
        return signature(observation, self.rows)

    def untestable(self, observation: Observation) -> str | None:
        """Return why a run says nothing: something it needs is absent, or cannot be imported."""
        return untestable(observation, self.rows)

    def contents(self) -> dict[str, str]:
        """Return the digest of the finding."""
        return {self.finding.id: self.finding.digest}

    def data(self) -> dict[str, str]:
        """Return none: it stands alone."""
        return {}

    def scripts(self) -> list[Path]:
        """Return none: a report holds the whole finding."""
        return []

    def command(self, python: str) -> str:
        """Return the shell command that runs the file."""
        return f"{python} {self.finding.path.name}"


@dataclass(frozen=True)
class CommandSubject:
    """A command of the user's own, run by the shell in the present folder, with the environment's programs first.

    Exit status 0 is good, 125 "cannot be tested", anything else, a signal or the time limit is bad, whatever it prints:
    what a failure means the command itself knows best. Only where it fails and the environment's interpreter does not
    even start is the stack untestable. A number, or a JSON object, on the last line of stdout is what ``--metric``
    reads.
    """

    line: str
    requirements: tuple[str, ...]
    repeats: int = 1
    timeout_s: float = 600.0
    rows: tuple[ExpectationRow, ...] = ()

    @property
    def name(self) -> str:
        """The command itself."""
        return self.line

    def run(self, python: Path, stop: threading.Event) -> Observation:
        """Run the command once."""
        end = _run_in(python, ["/bin/sh", "-c", self.line], self.timeout_s, stop)
        if end.returncode > _SHELL_SIGNAL:  # how the shell reports that a signal ended its child
            end = replace(end, returncode=_SHELL_SIGNAL - end.returncode)
        if end.returncode == CANNOT_TEST:
            return Observation(Outcome.NOT_APPLICABLE, "exit status 125", end.seconds, end.peak_memory)
        if end.returncode:
            start = _run_in(python, [python, "-c", ""], min(self.timeout_s, _START_S), stop)
            if start.returncode:
                reason = f"the interpreter of the environment does not start: {_last_line(start.stderr)}"
                return Observation(Outcome.NOT_APPLICABLE, reason, end.seconds, end.peak_memory)
        return _observe_program(end)

    def signature(self, observation: Observation) -> Signature:
        """Tell good from bad."""
        return status_signature(observation)

    def untestable(self, observation: Observation) -> str | None:
        """Return why a run says nothing, by its own word or because no Python runs there."""
        return observation.detail if observation.outcome is Outcome.NOT_APPLICABLE else None

    def contents(self) -> dict[str, str]:
        """Return the digests of the scripts that the command names, and of the modules beside them."""
        return digests(parts_of(self.line))

    def data(self) -> dict[str, str]:
        """Return the digests of the other files that the command names."""
        return digests(data_in(self.line))

    def scripts(self) -> list[Path]:
        """Return the files that a reader needs to see what the command does."""
        return interpreted(self.line)

    def command(self, python: str) -> str:
        """Return the command with the environment's programs first."""
        return f'PATH="$(dirname {python}):$PATH" {self.line}'


@dataclass(frozen=True)
class PytestSubject:
    """One pytest test, or several, by id (``tests/test_x.py::test_y``)."""

    node: str
    requirements: tuple[str, ...]
    repeats: int = 1
    timeout_s: float = 600.0
    rows: tuple[ExpectationRow, ...] = ()

    @property
    def name(self) -> str:
        """The test's id."""
        return self.node

    def run(self, python: Path, stop: threading.Event) -> Observation:
        """Run the test once; a test that cannot be collected cannot be tested."""
        with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
            options = ["--tb=native", "-p", "no:cacheprovider", f"--basetemp={folder}/pytest"]
            end = _run_in(python, [python, "-m", "pytest", "-q", *options, self.node], self.timeout_s, stop)
        if end.returncode > _PYTEST_FAILED:
            return Observation(Outcome.NOT_APPLICABLE, _last_line(end.stdout), end.seconds, end.peak_memory)
        # pytest prints the traceback to stdout; a failure is classified by what stands on stderr.
        return _observe_program(end, failure=end.stdout.partition("short test summary")[0])

    def signature(self, observation: Observation) -> Signature:
        """Return the outcome, and for a failure what its text has in common with others."""
        return signature(observation, self.rows)

    def untestable(self, observation: Observation) -> str | None:
        """Return why a run says nothing: it could not be collected, or a package not be imported."""
        return untestable(observation, self.rows)

    def contents(self) -> dict[str, str]:
        """Return the digests of the test's file, the modules beside it, and what pytest reads on the way."""
        file = Path(self.node.partition("::")[0])
        return digests(with_modules([file, *(folder / "conftest.py" for folder in file.parents)]))

    def data(self) -> dict[str, str]:
        """Return none: what a test reads, its id does not say."""
        return {}

    def scripts(self) -> list[Path]:
        """Return the files that a reader needs to see what the test does."""
        file = Path(self.node.partition("::")[0])
        return [path for path in (file.with_name("conftest.py"), file) if path.is_file()]

    def command(self, python: str) -> str:
        """Return the shell command that runs the test."""
        return f"{python} -m pytest {shlex.quote(self.node)}"


def numbers_in(observation: Observation) -> list[str]:
    """Return the keys under which an observation carries a number, finite or not."""
    found = {"observed": observation.observed, "expected": observation.expected, "error": observation.error}
    if isinstance(observation.observed, dict):
        found |= observation.observed
    return [key for key, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)]


def metric_value(observation: Observation, key: str) -> float | None:
    """Return the finite number that an observation carries under a key (``observed``, ``error``, …), or None."""
    value = {"observed": observation.observed, "expected": observation.expected, "error": observation.error}.get(key)
    if isinstance(observation.observed, dict):
        value = observation.observed.get(key, value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _run_in(python: Path, command: list[str | Path], seconds: float, stop: threading.Event) -> ProcessEnd:
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    variables = child_variables(foreign=True) | {"PATH": path, "VIRTUAL_ENV": str(python.parent.parent)}
    limits = Limits(seconds, psutil.virtual_memory().total)
    end = run_isolated(
        command, cwd=Path.cwd(), variables=variables | {"PYTHONFAULTHANDLER": "1"}, limits=limits, stop=stop
    )
    if end.interrupted:
        raise KeyboardInterrupt
    return end


def _observe_program(end: ProcessEnd, failure: str | None = None) -> Observation:
    failed = observe_failure(end, stderr=failure)
    if failed is not None:
        return failed
    return Observation(Outcome.OK, "", end.seconds, end.peak_memory, observed=_number_or_object(_last_line(end.stdout)))


def _number_or_object(line: str) -> object:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, int | float | dict) else None


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
