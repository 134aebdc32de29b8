"""Since when, and whose fault: verify the ends, bisect the stacks between them, then name the package."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sharpbits.catalogue import Outcome
from sharpbits.timetravel.confirm import VARYING_RUNS, mixture_runs
from sharpbits.timetravel.culprit import MOST_PROBES, Culprit, find_culprit
from sharpbits.timetravel.ends import VARYING_RESOLUTION, EndsSearch, VaryingError
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.laboratory import Laboratory, Probed
from sharpbits.timetravel.metric import FIRST_DRAWS, MetricEnds
from sharpbits.timetravel.own_releases import Narrowed, OwnReleases, narrow
from sharpbits.timetravel.search import Bracket, Side, bisect
from sharpbits.timetravel.settle import Ends, tally
from sharpbits.timetravel.stack import Change, Stack, changes
from sharpbits.timetravel.steps import Steps, single_steps


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
    #: Which of its own releases it is; None: the culprit is no single package, or its releases were not asked for.
    narrowed: Narrowed | None = None
    #: What lies beyond the ends, and could not be tested.
    beyond: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class _Attempt:
    """What one way through the search takes for granted, and what it needs."""

    laboratory: Laboratory
    history: History
    confidence: float
    old_end_given: bool
    steps: Steps
    own: OwnReleases | None

    def run(self, runs: int) -> Bisection:
        """Search with so many runs at each end.

        Raises
        ------
        VaryingError
            What was found does not hold when it is run again.
        """
        search = EndsSearch(self.laboratory, self.history, self.confidence, runs)
        old, new, first_new = search.find(old_end_given=self.old_end_given)
        ends = self.laboratory.ends(old.seen, new.seen)
        candidates = self.history.candidates

        def probe(stack: Stack) -> Side:
            return self.laboratory.probe(stack, ends, search.confidence_each)

        bracket = bisect(old.number, first_new, lambda number: probe(candidates[number].stack))
        turn = candidates[bracket.last_old], candidates[bracket.first_new]
        again = self.laboratory.confirm(turn[0].stack, turn[1].stack, ends, self.confidence)
        if not again.holds:
            raise _varying(turn, str(again))
        search_probes = len(self.laboratory.probed)
        before = turn[0].stack
        differing = changes(before, turn[1].stack)

        def mixture(names: frozenset[str]) -> Stack:
            return before.moved({change.name: change.after for change in differing if change.name in names})

        ordered = _likelier_first(differing, self.history)
        alone = [change.name for change in differing if change.before and change.after]
        culprit = find_culprit(self.steps(turn[0], turn[1], ordered), lambda names: probe(mixture(names)), alone=alone)
        narrowed = None
        if self.own is not None and len(culprit.packages) == 1:
            (moved,) = (change for change in differing if change.name in culprit.packages)
            narrowed = narrow(moved, turn, self.own, probe, most=MOST_PROBES - len(culprit.evidence))
        if isinstance(ends, Ends) and ends.certain:
            decisive = [(mixture(names), side) for names, side in _decisive(culprit, differing)]
            if narrowed is not None:
                named = (narrowed.last_old, narrowed.first_new)
                decisive += [(stack, side) for version, stack, side in narrowed.tried if version in named]
            for stack, side in decisive:
                if not self.laboratory.stays(stack, side, ends, mixture_runs(self.confidence)):
                    raise _varying(turn, f"{again}; a mixture of the two showed now this and now that")
        return Bisection(
            self.laboratory.subject.name,
            self.history,
            bracket,
            self._shown(turn[0].stack, old.seen, ends),
            self._shown(turn[1].stack, new.seen, ends),
            culprit,
            differing,
            tuple(self.laboratory.probed),
            search_probes,
            self.confidence,
            narrowed,
            tuple(end.beyond for end in (old, new) if end.beyond),
        )

    def _shown(self, stack: Stack, at_end: Sequence[Hashable], ends: Ends | MetricEnds) -> str:
        """Say what a stack at the turn shows: its own words, where the end beyond it behaves alike but fails otherwise.

        What varies is told by the many runs at the end.
        """
        own = [self.laboratory.read(draw) for draw in self.laboratory.state.draws.get(stack.digest, [])]
        certain = isinstance(ends, Ends) and ends.certain
        return next((str(one) for one in own if certain and one is not None), tally(at_end))


def run_bisection(
    laboratory: Laboratory,
    history: History,
    *,
    old_end_given: bool,
    confidence: float,
    runs_at_ends: int | None = None,
    steps: Steps = single_steps,
    own: OwnReleases | None = None,
    on_progress: Callable[[str], None] = lambda message: None,
) -> Bisection:
    """Search a history for the change between its ends, and its culprit.

    The stacks at the turn are run again before it is told. Where they then show something else, the subject varies: the
    search is held once more, with so many runs at each end that their shares can be told apart.

    Parameters
    ----------
    old_end_given
        The first stack is known to differ from the last; else one that differs is looked for backwards, at twice the
        distance each time.
    confidence
        The probability with which all answers on stacks that vary are right.
    runs_at_ends
        How often each end is run at least; default: as the subject says.
    steps
        What has to move together between two stacks.
    own
        Where the culprit's own releases come from; default: they are not tried.

    Raises
    ------
    UndecidedError
        An end cannot be tested, or the two do not differ.
    VaryingError
        It varies, and the stacks at the turn, or the ends, were not seen to differ.
    """
    runs = runs_at_ends or (laboratory.subject.repeats if laboratory.metric is None else 2 * FIRST_DRAWS)
    attempt = _Attempt(laboratory, history, confidence, old_end_given, steps, own)
    try:
        return attempt.run(runs)
    except VaryingError as error:
        if laboratory.metric is not None or runs >= VARYING_RUNS:
            raise
        on_progress(f"it varies ({error.why}): searching once more, with {VARYING_RUNS} runs at each end")
    return attempt.run(VARYING_RUNS)


def _varying(turn: tuple[Candidate, Candidate], shown: str) -> VaryingError:
    return VaryingError(
        "it varies, and no turn can be told",
        why=f"run again, the two stacks at what looked like a turn show {shown}",
        resolution=VARYING_RESOLUTION,
        old=f"{turn[0].until:%Y-%m-%d}",
        new=f"{turn[1].until:%Y-%m-%d}",
    )


def _decisive(culprit: Culprit, differing: Sequence[Change]) -> Iterator[tuple[frozenset[str], Side]]:
    """Yield the mixtures that a culprit rests on: it alone, everything but it, and what is smaller than it."""
    others = frozenset(change.name for change in differing) - culprit.packages
    for names, side in culprit.evidence.items():
        smaller = side is Side.OLD and names < culprit.packages
        if side.decided and (names in (culprit.packages, others) or smaller):
            yield names, side


def _likelier_first(differing: tuple[Change, ...], history: History) -> list[Change]:
    """Order packages: those whose releases are followed first, then by how new the release is."""

    def key(change: Change) -> tuple[bool, float]:
        uploaded = change.after.uploaded if change.after else None
        return change.name not in history.packages, -(uploaded or datetime.fromtimestamp(0, UTC)).timestamp()

    return sorted(differing, key=key)
