"""The order in which a reader wants results: what is news first of all, then what bites worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sharpbits.catalogue import Outcome, Result, Verdict
from sharpbits.catalogue.judgement import NOT_THIS_MACHINE

_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(
    (Verdict.BROKEN, Verdict.CHANGED, Verdict.BITES, Verdict.CLEAR, Verdict.NOT_APPLICABLE)
)}  # fmt: skip


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Sort what makes the run fail first, then by the worst outcome seen, so by severity, and last by id.

    Of equally bad findings those come first that a family is named after: they stand for it.
    """

    def key(result: Result) -> tuple[bool, int, int, bool, str]:
        worst = result.worst
        outcome = worst.outcome.rank if worst else Outcome.NOT_APPLICABLE.rank
        verdict = _VERDICT_RANK[result.verdict]
        # A file that malfunctions has shown no outcome: among failures the verdict comes first.
        first, second = (verdict, outcome) if result.verdict.fails else (outcome, verdict)
        named = result.finding.path.stem == result.finding.table.family
        return not result.verdict.fails, first, second, not named, result.finding.id

    return sorted(results, key=key)


@dataclass(frozen=True)
class Line:
    """What a report shows in one place: a finding and its family's other faces, or all that one thing keeps away."""

    lead: Result
    others: tuple[Result, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """All that it stands for."""
        return (self.lead, *self.others)

    @property
    def faces(self) -> str:
        """How many findings stand behind the lead, e.g. ``(+4 faces)``; nothing where they are not of its family."""
        count = len(self.others)
        return f"(+{count} {'face' if count == 1 else 'faces'})" if count and not self.kept_away else ""

    @property
    def kept_away(self) -> str:
        """What several findings cannot run here for, all the same; empty where the line is not of that kind."""
        return self.lead.judgement.message if self.others and self.lead.verdict is Verdict.NOT_APPLICABLE else ""


def folded(results: Iterable[Result]) -> list[Line]:
    """Sort worst first, and gather what bites, or is clear, of one family behind its worst face.

    Gathered too is what did not even start here, for one reason: an absent package is told once. What is news, or is
    not documented for this machine, never is: it has a line of its own.
    """
    gathered: dict[tuple[Verdict, str] | str, list[Result]] = {}
    for result in worst_first(results):
        gathered.setdefault(_place(result), []).append(result)
    return [Line(lead, tuple(others)) for lead, *others in gathered.values()]


def unfolded(results: Iterable[Result]) -> list[Line]:
    """Sort worst first, a line for every finding."""
    return [Line(result) for result in worst_first(results)]


def _place(result: Result) -> tuple[Verdict, str] | str:
    """Return what results that stand together have in common: a family, or what keeps them away; else the id."""
    message, family = result.judgement.message, result.finding.table.family
    if result.verdict is Verdict.NOT_APPLICABLE and not result.observations:
        return result.verdict, message
    if result.verdict in (Verdict.BITES, Verdict.CLEAR) and family is not None and message != NOT_THIS_MACHINE:
        return result.verdict, family
    return result.finding.id


def verdict_counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count the results by verdict, every verdict listed."""
    counted = Counter(result.verdict for result in results)
    return {verdict: counted[verdict] for verdict in Verdict}
