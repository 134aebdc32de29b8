"""The two ends of a search: which stacks they are, and what they show."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, NoReturn

from sharpbits.catalogue import Outcome
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.timetravel.confirm import sure_runs
from sharpbits.timetravel.culprit import MOST_PROBES
from sharpbits.timetravel.history import History
from sharpbits.timetravel.laboratory import Laboratory
from sharpbits.timetravel.search import Side, most_probes, reach_back
from sharpbits.timetravel.settle import tally
from sharpbits.timetravel.signature import Signature

#: What can be done about a subject that varies.
VARYING_RESOLUTION = "run it more often (--repeats), or make it show the same each time, e.g. by a fixed seed"


class UndecidedError(SharpbitsError):
    """The search cannot be held: an end cannot be tested, or the ends do not differ."""


class VaryingError(UndecidedError):
    """It shows now this and now that, and nowhere a turn: no culprit can be named."""


class End(NamedTuple):
    """One end of the search, verified."""

    number: int
    seen: list[Hashable]
    #: That stacks beyond it could not be tested, and why; empty: there are none.
    beyond: str = ""


class EndsSearch:
    """Looks for two ends that differ.

    Parameters
    ----------
    runs
        How often each stack is run here.
    """

    def __init__(self, laboratory: Laboratory, history: History, confidence: float, runs: int) -> None:
        self.laboratory = laboratory
        self.history = history
        self.stacks = [candidate.stack for candidate in history.candidates]
        # So many answers may have to be right at once.
        self.confidence_each = 1 - (1 - confidence) / (most_probes(len(self.stacks)) + MOST_PROBES)
        self.confidence = confidence
        self.runs = runs

    def find(self, *, old_end_given: bool) -> tuple[End, End, int]:
        """Return both ends, and the oldest stack that is known to show what the new one does.

        Raises
        ------
        UndecidedError
            An end cannot be tested, or the two do not differ.
        VaryingError
            They do not differ, and at one of them different things were seen.
        """
        new = self._end(range(len(self.stacks) - 1, -1, -1), "new")
        if not old_end_given:
            return self._reach_back(new)
        old = self._end(range(new.number), "old")
        if not self.laboratory.ends(old.seen, new.seen).differ(self.confidence):
            self._alike(old, new, f"both ends show the same: {tally(old.seen)} and {tally(new.seen)}")
        return old, new, new.number

    def _end(self, numbers: range, name: str) -> End:
        """Return the outermost stack that can be tested, with what it shows."""
        reason = "there is no other stack"
        for passed, number in enumerate(numbers):
            seen = self._sample(number, Side.OLD if name == "old" else Side.NEW)
            if not isinstance(seen, str):
                date = f"{self.history.candidates[numbers[0]].until:%Y-%m-%d}"
                which = f"{passed} {'older' if name == 'old' else 'newer'} stack{'s' if passed > 1 else ''}"
                beyond = f"{which}, {'from' if name == 'old' else 'up to'} {date}, could not be tested: {reason}"
                return End(number, seen, beyond if passed else "")
            reason = seen
        raise UndecidedError(
            "there is nothing to bisect",
            why=f"no stack at the {name} end can be tested: {reason}",
            resolution="take another --since or --until; `sharpbits stack` builds one to look at",
        )

    def _reach_back(self, new: End) -> tuple[End, End, int]:
        """Look for an old end: one that is ok where the new one fails, and the other way round.

        Where there is none, the nearest one that fails otherwise: then the finding never was ok in this period.
        """
        found: dict[int, list[Hashable]] = {}
        otherwise: dict[int, list[Hashable]] = {}
        alike = {new.number: new.seen}
        new_is_ok = _ok(new.seen)

        def probe(number: int) -> Side:
            seen = self._sample(number, None)
            if isinstance(seen, str):
                return Side.UNTESTABLE
            if not self.laboratory.ends(seen, new.seen).differ(self.confidence):
                self._note(number, Side.NEW, tally(seen))
                alike[number] = seen
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
            oldest = min(alike)
            why = f"every stack that could be tested shows {tally(new.seen)}"
            self._alike(End(oldest, alike[oldest]), new, why)
        return End(number, found[number]), new, min(one for one in alike if one > number)

    def _alike(self, old: End, new: End, why: str) -> NoReturn:
        """Say that two ends do not differ, or, after a few more runs of each, that they vary."""
        shown = {}
        for end in (old, new):
            runs = max(self.runs, 1 + sure_runs(self.confidence)) if self.laboratory.metric is None else self.runs
            seen = self.laboratory.sample(self.stacks[end.number], runs)
            shown[end.number] = end.seen if isinstance(seen, str) else seen
        dates = [f"{self.history.candidates[end.number].until:%Y-%m-%d}" for end in (old, new)]
        why = "; ".join([why, *(end.beyond for end in (old, new) if end.beyond)])
        if self.laboratory.metric is None and any(len(set(seen)) > 1 for seen in shown.values()):
            raise VaryingError(
                "it varies, and no turn can be told",
                why=f"the ends may be the same: {tally(shown[old.number])}, and {tally(shown[new.number])}",
                resolution=VARYING_RESOLUTION,
                old=dates[0],
                new=dates[1],
            )
        raise UndecidedError(
            "there is nothing to bisect",
            why=why,
            resolution="take an earlier --since, a later --until, or more --repeats if it varies",
            old=dates[0],
            new=dates[1],
        )

    def _sample(self, number: int, side: Side | None) -> list[Hashable] | str:
        seen = self.laboratory.sample(self.stacks[number], self.runs)
        if isinstance(seen, str):
            self._note(number, Side.UNTESTABLE, seen)
            self._check_metric(number)
        elif side is not None:
            self._note(number, side, tally(seen))
        return seen

    def _check_metric(self, number: int) -> None:
        """Refuse a key that a run which ended well does not know: the other stacks would not know it either.

        Raises
        ------
        UsageError
            There is no such number.
        """
        numbers = self.laboratory.numbers(self.stacks[number])
        if self.laboratory.metric is None or numbers is None or self.laboratory.metric in numbers:
            return
        raise UsageError(
            "a number cannot be bisected",
            why=f"the run on the stack of {self.history.candidates[number].until:%Y-%m-%d} gave no number "
            f"{self.laboratory.metric!r}",
            resolution=f"name one of {', '.join(numbers)} with --metric"
            if numbers
            else "print a number, or a JSON object with such a key, on the last line",
        )

    def _note(self, number: int, side: Side, seen: str) -> None:
        self.laboratory.note(self.stacks[number], side, seen)


def _ok(seen: list[Hashable]) -> bool:
    return all(isinstance(one, Signature) and one.outcome is Outcome.OK for one in seen)
