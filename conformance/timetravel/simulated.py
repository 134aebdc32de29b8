"""Simulated histories: packages with random releases, of which some are guilty, and no environment is ever built."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from sharpbits.catalogue import Observation, Outcome
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.laboratory import Laboratory
from sharpbits.timetravel.signature import Signature, signature, untestable
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.state import Draw, SearchState

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

Shows = Callable[[Stack], Observation | None]


def observation(outcome: Outcome = Outcome.OK, number: float | None = None) -> Observation:
    """What one simulated run shows."""
    return Observation(outcome, "", 0.0, 0, observed=number)


GOOD, BAD = observation(), observation(Outcome.WRONG_GRADIENT)
#: A failure that is neither: it must never be taken for the one that is looked for.
OTHER = observation(Outcome.CRASH)


@dataclass(frozen=True)
class SimulatedSubject:
    """Runs nowhere."""

    name: str = "simulated"
    requirements: tuple[str, ...] = ()
    rows: tuple[()] = ()
    repeats: int = 1

    def run(self, python: Path, stop: object) -> Observation:
        raise AssertionError("a simulated subject is never run")

    def signature(self, observation: Observation) -> Signature:
        return signature(observation)

    def untestable(self, observation: Observation) -> str | None:
        return untestable(observation)

    def contents(self) -> dict[str, str]:
        return {}

    def data(self) -> dict[str, str]:
        return {}

    def scripts(self) -> list[Path]:
        return []

    def command(self, python: str) -> str:
        return "true"


class MemoryState(SearchState):
    """A state that is not written."""

    def save(self) -> None:
        pass


@dataclass
class SimulatedLaboratory(Laboratory):
    """Shows of a stack what a function says; None: the stack cannot be built."""

    shows: Shows = field(default=lambda stack: GOOD)
    runs: int = 0
    #: The run at which the power fails.
    dies_at: int | None = None

    def run(self, stack: Stack) -> Draw:
        if self.runs == self.dies_at:
            raise KeyboardInterrupt
        self.runs += 1
        seen = self.shows(stack)
        draw = Draw(seen) if seen is not None else Draw(None, "cannot be built")
        self.state.add(stack, draw)
        return draw


def laboratory(
    shows: Shows,
    *,
    state: SearchState | None = None,
    repeats: int = 1,
    metric: str | None = None,
    dies_at: int | None = None,
) -> SimulatedLaboratory:
    """Return a laboratory in which nothing is built."""
    return SimulatedLaboratory(
        SimulatedSubject(repeats=repeats),
        Path("python"),
        EnvironmentCache(Path("nowhere")),
        state or MemoryState(Path("nowhere"), {}),
        metric=metric,
        shows=shows,
        dies_at=dies_at,
    )


def at_least(name: str, version: int) -> Callable[[Stack], bool]:
    """Tell whether a stack has this release of a package, or a later one."""
    return lambda stack: int(stack.version(name) or 0) >= version


@st.composite
def histories(draw: st.DrawFn, most_packages: int = 6, most_releases: int = 40, least_packages: int = 1) -> History:
    """Up to six packages whose releases fall on random days; sometimes several on one day."""
    names = [f"p{number}" for number in range(draw(st.integers(least_packages, most_packages)))]
    days = draw(
        st.lists(
            st.tuples(st.integers(1, 365), st.sampled_from(names)), min_size=1, max_size=most_releases, unique=True
        )
    )
    versions = dict.fromkeys(names, 0)
    candidates = [_candidate(0, versions)]
    for day in sorted({day for day, _ in days}):
        for other, name in days:
            if other == day:
                versions[name] += 1
        candidates.append(_candidate(day, versions))
    return History(tuple(candidates), tuple(names))


def _candidate(day: int, versions: dict[str, int]) -> Candidate:
    at = EPOCH + timedelta(days=day)
    return Candidate(at, Stack("3.11", "any", tuple(Pin(name, str(number), at) for name, number in versions.items())))


def flaky(rate: float, guilty: Callable[[Stack], bool], seed: int) -> Shows:
    """Bad with some probability where a stack is guilty, good elsewhere."""
    generator = random.Random(seed)
    return lambda stack: BAD if guilty(stack) and generator.random() < rate else GOOD


def random_history(generator: random.Random, packages: int = 3, releases: int = 20) -> History:
    """One release a week, of any of some packages."""
    versions = {f"p{number}": 0 for number in range(packages)}
    candidates = [_candidate(0, versions)]
    for week in range(1, releases + 1):
        versions[generator.choice(sorted(versions))] += 1
        candidates.append(_candidate(7 * week, versions))
    return History(tuple(candidates), tuple(versions))


def failing_at(rates: Callable[[Stack], float], generator: random.Random) -> Shows:
    """Bad with the probability that a stack has."""
    return lambda stack: BAD if generator.random() < rates(stack) else GOOD
