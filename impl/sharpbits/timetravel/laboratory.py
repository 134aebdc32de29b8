"""Run a subject in stacks: build the environment, run, remember; then say on which side the stack stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path

from sharpbits.catalogue.outcome import FAILURES
from sharpbits.catalogue.reported import MalfunctionError
from sharpbits.errors import UsageError
from sharpbits.timetravel.confirm import Confirmation, confirm
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.metric import MetricEnds, settle_metric
from sharpbits.timetravel.search import Side
from sharpbits.timetravel.settle import Ends, settle, tally
from sharpbits.timetravel.stack import Stack
from sharpbits.timetravel.state import Draw, SearchState
from sharpbits.timetravel.subject import Subject, metric_value, numbers_in
from sharpbits.timetravel.uv import IndexOptions, StackError


@dataclass(frozen=True)
class Probed:
    """What one stack showed in all."""

    stack: Stack
    side: Side
    seen: str


@dataclass
class Laboratory:
    """Everything needed to run one subject in any stack."""

    subject: Subject
    interpreter: Path
    environments: EnvironmentCache
    state: SearchState
    options: IndexOptions = field(default_factory=IndexOptions)
    metric: str | None = None
    factor: float = 1.1
    stop: threading.Event = field(default_factory=threading.Event)
    on_probe: Callable[[Probed], None] = lambda probed: None
    probed: list[Probed] = field(default_factory=list)
    #: How many runs of each stack were read.
    read_of: dict[str, int] = field(default_factory=dict)

    def sample(self, stack: Stack, runs: int) -> list[Hashable] | str:
        """Return what several runs in a stack showed (signatures, or numbers), or why it cannot be tested."""
        reader = _Reader(self, stack)
        found: list[Hashable] = []
        for _ in range(runs):
            seen = reader()
            if seen is None:
                return reader.reason
            found.append(seen)
        return found

    def ends(self, old: list[Hashable], new: list[Hashable]) -> Ends | MetricEnds:
        """Describe two ends by their samples."""
        if self.metric is None:
            return Ends(tuple(old), tuple(new))
        return MetricEnds(tuple(map(_number, old)), tuple(map(_number, new)), self.factor)

    def probe(self, stack: Stack, ends: Ends | MetricEnds, confidence: float) -> Side:
        """Tell the side of one stack, and keep it in the list of those that were probed."""
        reader = _Reader(self, stack)
        if isinstance(ends, MetricEnds):
            side = settle_metric(lambda: _maybe_number(reader()), ends, confidence=confidence)
        else:
            side = settle(reader, ends, confidence=confidence)
        self.note(stack, side, reader.reason or tally(reader.seen))
        return side

    def confirm(self, old: Stack, new: Stack, ends: Ends | MetricEnds, confidence: float) -> Confirmation:
        """Tell by runs that were not counted yet whether two stacks differ as the ends do."""
        return confirm(self._fresh(old), self._fresh(new), ends, confidence)

    def stays(self, stack: Stack, side: Side, ends: Ends, runs: int) -> bool:
        """Tell whether further runs show the same, between ends that never vary."""
        reader = self._fresh(stack)
        usual = ends.old[0] if side is Side.OLD else ends.new[0]
        return all(reader() == usual for _ in range(runs))

    def numbers(self, stack: Stack) -> list[str] | None:
        """Return the keys of the numbers that the last run in a stack gave; None: it did not end well, or was none."""
        draws = self.state.draws.get(stack.digest)
        if not draws or draws[-1].observation is None or draws[-1].untestable is not None:
            return None
        observation = draws[-1].observation
        return None if observation.outcome in FAILURES else numbers_in(observation)

    def _fresh(self, stack: Stack) -> _Reader:
        return _Reader(self, stack, self.read_of.get(stack.digest, 0))

    def note(self, stack: Stack, side: Side, seen: str) -> None:
        """Keep and tell what became of a stack."""
        self.probed.append(Probed(stack, side, seen))
        self.on_probe(self.probed[-1])

    def run(self, stack: Stack) -> Draw:
        """Run the subject once more in a stack, and store what it showed.

        Raises
        ------
        UsageError
            The subject is no longer the one that the search began with.
        """
        draw, says_something = self._run(stack)
        departed = self.state.departed(self.subject.contents() | self.subject.data())
        if departed:
            raise UsageError(
                "the search cannot go on",
                why=f"{', '.join(departed)}: edited, moved or removed since it began",
                resolution="begin anew; or put everything back as it was, and use --resume",
            )
        if says_something:
            self.state.add(stack, draw)
        return draw

    def _run(self, stack: Stack) -> tuple[Draw, bool]:
        """Run the subject; say as well whether that says anything of the stack. What does not is tried again."""
        try:
            with self.environments.lease(stack, self.interpreter, self.options, self.stop) as python:
                before = self.subject.data()
                observation = self.subject.run(python, self.stop)
                self.state.wrote(before, self.subject.data())
                damage = self.environments.damage(python) if observation.outcome in FAILURES else ""
        except (MalfunctionError, OSError) as problem:
            return Draw(None, str(problem)), False
        except StackError as error:
            return Draw(None, f"{error.what}: {error.why}", error.passing), True
        if damage:
            damaged = f"its environment was damaged meanwhile, and is built anew the next time: {damage}"
            return Draw(None, damaged), False
        reason = self.subject.untestable(observation)
        # Where an environment lies is nobody's business in a report.
        return Draw(observation, reason and reason.replace(str(self.environments.folder), "…")), True

    def read(self, draw: Draw) -> Hashable | None:
        """Return what counts of a run: its signature, or its number."""
        if draw.observation is None or draw.untestable is not None:
            return None
        if self.metric is None:
            return self.subject.signature(draw.observation)
        return metric_value(draw.observation, self.metric)


class _Reader:
    """Reads a stack's runs, from the beginning or a later one on: those that are stored, then new ones."""

    def __init__(self, laboratory: Laboratory, stack: Stack, start: int = 0) -> None:
        self.laboratory, self.stack = laboratory, stack
        self.number = start
        self.seen: list[Hashable] = []
        self.reason = ""

    def __call__(self) -> Hashable | None:
        stored = self.laboratory.state.draws.get(self.stack.digest, [])
        draw = stored[self.number] if self.number < len(stored) else self.laboratory.run(self.stack)
        self.number += 1
        read_of = self.laboratory.read_of
        read_of[self.stack.digest] = max(self.number, read_of.get(self.stack.digest, 0))
        seen = self.laboratory.read(draw)
        if seen is None:
            self.reason = draw.untestable or f"gave no number {self.laboratory.metric!r}"
        else:
            self.seen.append(seen)
        return seen


def _number(value: Hashable) -> float:
    if not isinstance(value, float):
        raise UsageError("a number cannot be bisected", why=f"{value!r} is none", resolution="see --metric")
    return value


def _maybe_number(value: Hashable | None) -> float | None:
    return None if value is None else _number(value)
