"""Since when, and whose fault: verify the ends, bisect the stacks between them, then name the package."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sharpbits.catalogue import Outcome
from sharpbits.errors import SharpbitsError
from sharpbits.timetravel.culprit import MOST_PROBES, Culprit, find_culprit
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.laboratory import Laboratory, Probed
from sharpbits.timetravel.metric import FIRST_DRAWS
from sharpbits.timetravel.search import Bracket, Side, bisect, reach_back
from sharpbits.timetravel.settle import tally
from sharpbits.timetravel.signature import Signature
from sharpbits.timetravel.stack import Change, changes
from sharpbits.timetravel.steps import Steps, single_steps


class UndecidedError(SharpbitsError):
    """The search cannot be held: an end cannot be tested, or the ends do not differ."""


class End(NamedTuple):
    """One end of the search, verified."""

    number: int
    seen: list[Hashable]


@dataclass(frozen=True)
class Bisection:
    """What came of a search."""

    subject: str
    history: History
    bracket: Bracket
    #: What the two ends show.
    old_shows: str
    new_shows: str
    culprit: Culprit
    #: What changed between the last old and the first new stack.
    differing: tuple[Change, ...]
    probed: tuple[Probed, ...]
    #: Stacks that were tested before the culprit was looked for.
    search_probes: int
    confidence: float

    @property
    def last_old(self) -> Candidate:
        """The newest stack that still shows what the old end shows."""
        return self.history.candidates[self.bracket.last_old]

    @property
    def first_new(self) -> Candidate:
        """The oldest stack that shows what the new end shows."""
        return self.history.candidates[self.bracket.first_new]

    @property
    def kind(self) -> str:
        """``"regression"``, ``"fix"``, or ``"change"`` where neither side is ok."""
        return {(True, False): "regression", (False, True): "fix"}.get(
            (self.old_shows == Outcome.OK, self.new_shows == Outcome.OK), "change"
        )


def most_probes(stacks: int) -> int:
    """Return the bound on stacks tested to find the turn: both ends and the bisection, if every stack can be tested."""
    return 2 + math.ceil(math.log2(max(stacks, 2)))


def run_bisection(
    laboratory: Laboratory,
    history: History,
    *,
    old_end_given: bool,
    confidence: float,
    runs_at_ends: int | None = None,
    steps: Steps = single_steps,
) -> Bisection:
    """Search a history for the change between its ends, and its culprit.

    Parameters
    ----------
    old_end_given
        The first stack is known to differ from the last; else one that differs is looked for backwards, at twice the
        distance each time.
    confidence
        The probability with which all answers on stacks that vary are right.
    runs_at_ends
        How often each end is run; default: as the subject says.
    steps
        What has to move together between two stacks.

    Raises
    ------
    UndecidedError
        An end cannot be tested, or the two do not differ.
    """
    search = _Search(laboratory, history, confidence, runs_at_ends)
    new = search.end(range(len(history.candidates) - 1, -1, -1), "new")
    if old_end_given:
        old = search.end(range(new.number), "old")
        first_new = new.number
    else:
        old, first_new = search.reach_back(new)
    ends = laboratory.ends(old.seen, new.seen)
    if not ends.differ(confidence):
        raise UndecidedError(
            "there is nothing to bisect",
            why=f"both ends show the same: {tally(old.seen)} and {tally(new.seen)}",
            resolution="take an earlier --since, a later --until, or more --repeats if it varies",
            old=f"{history.candidates[old.number].at:%Y-%m-%d}",
            new=f"{history.candidates[new.number].at:%Y-%m-%d}",
        )

    def probe(number: int) -> Side:
        return laboratory.probe(history.candidates[number].stack, ends, search.confidence_each)

    bracket = bisect(old.number, first_new, probe)
    search_probes = len(laboratory.probed)
    before, after = (history.candidates[number].stack for number in (bracket.last_old, bracket.first_new))
    differing = changes(before, after)

    def move(names: frozenset[str]) -> Side:
        mixed = before.moved({change.name: change.after for change in differing if change.name in names})
        return laboratory.probe(mixed, ends, search.confidence_each)

    ordered = _likelier_first(differing, history)
    turn = history.candidates[bracket.last_old], history.candidates[bracket.first_new]
    alone = [change.name for change in differing if change.before and change.after]
    culprit = find_culprit(steps(turn[0], turn[1], ordered), move, alone=alone)
    return Bisection(
        laboratory.subject.name,
        history,
        bracket,
        tally(old.seen),
        tally(new.seen),
        culprit,
        differing,
        tuple(laboratory.probed),
        search_probes,
        confidence,
    )


class _Search:
    """The ends of one search."""

    def __init__(self, laboratory: Laboratory, history: History, confidence: float, runs: int | None) -> None:
        self.laboratory = laboratory
        self.stacks = [candidate.stack for candidate in history.candidates]
        # So many answers may have to be right at once.
        self.confidence_each = 1 - (1 - confidence) / (most_probes(len(self.stacks)) + MOST_PROBES)
        self.confidence = confidence
        self.runs = runs or (laboratory.subject.repeats if laboratory.metric is None else 2 * FIRST_DRAWS)

    def end(self, numbers: range, name: str) -> End:
        """Return the outermost stack that can be tested, with what it shows."""
        reason = "there is no other stack"
        for number in numbers:
            seen = self._sample(number, Side.OLD if name == "old" else Side.NEW)
            if not isinstance(seen, str):
                return End(number, seen)
            reason = seen
        raise UndecidedError(
            "there is nothing to bisect",
            why=f"no stack at the {name} end can be tested: {reason}",
            resolution="take another --since or --until; `sharpbits stack` builds one to look at",
        )

    def reach_back(self, new: End) -> tuple[End, int]:
        """Look for an old end: one that is ok where the new one fails, and the other way round.

        Where there is none, the nearest one that fails otherwise: then the finding never was ok in this period.
        """
        found: dict[int, list[Hashable]] = {}
        otherwise: dict[int, list[Hashable]] = {}
        alike = {new.number}
        new_is_ok = _ok(new.seen)

        def probe(number: int) -> Side:
            seen = self._sample(number, None)
            if isinstance(seen, str):
                return Side.UNTESTABLE
            if not self.laboratory.ends(seen, new.seen).differ(self.confidence):
                self._note(number, Side.NEW, tally(seen))
                alike.add(number)
                return Side.NEW
            self._note(number, Side.OLD, tally(seen))
            if self.laboratory.metric is None and _ok(seen) == new_is_ok:
                otherwise[number] = seen
                return Side.UNTESTABLE
            found[number] = seen
            return Side.OLD

        number, _ = reach_back(new.number, probe)
        if number is None and otherwise:
            number = max(otherwise)
            found = otherwise
        if number is None:
            raise UndecidedError(
                "there is nothing to bisect",
                why=f"every stack that could be tested shows {tally(new.seen)}",
                resolution="name an earlier date with --since",
            )
        return End(number, found[number]), min(one for one in alike if one > number)

    def _sample(self, number: int, side: Side | None) -> list[Hashable] | str:
        seen = self.laboratory.sample(self.stacks[number], self.runs)
        if isinstance(seen, str):
            self._note(number, Side.UNTESTABLE, seen)
        elif side is not None:
            self._note(number, side, tally(seen))
        return seen

    def _note(self, number: int, side: Side, seen: str) -> None:
        self.laboratory.note(self.stacks[number], side, seen)


def _ok(seen: list[Hashable]) -> bool:
    return all(isinstance(one, Signature) and one.outcome is Outcome.OK for one in seen)


def _likelier_first(differing: tuple[Change, ...], history: History) -> list[Change]:
    """Order packages: those whose releases are followed first, then by how new the release is."""

    def key(change: Change) -> tuple[bool, float]:
        uploaded = change.after.uploaded if change.after else None
        return change.name not in history.packages, -(uploaded or datetime.fromtimestamp(0, UTC)).timestamp()

    return sorted(differing, key=key)
