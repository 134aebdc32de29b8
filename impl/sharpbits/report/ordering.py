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
    """What a report shows in one place: a finding, and the other faces of its family that behave as it does."""

    lead: Result
    others: tuple[Result, ...] = ()

    @property
    def faces(self) -> str:
        """How many findings stand behind the line, e.g. ``(+4 faces)``; nothing where it is one."""
        count = len(self.others)
        return f"(+{count} {'face' if count == 1 else 'faces'})" if count else ""


def folded(results: Iterable[Result]) -> list[Line]:
    """Sort worst first, and gather what bites, or is clear, of one family behind its worst face.

    What is news, or cannot be told here, is never gathered: it has a line of its own.
    """
    gathered: dict[tuple[str, Verdict] | str, list[Result]] = {}
    for result in worst_first(results):
        family = result.finding.table.family if _folds(result) else None
        key = result.finding.id if family is None else (family, result.verdict)
        gathered.setdefault(key, []).append(result)
    return [Line(lead, tuple(others)) for lead, *others in gathered.values()]


def unfolded(results: Iterable[Result]) -> list[Line]:
    """Sort worst first, a line for every finding."""
    return [Line(result) for result in worst_first(results)]


def _folds(result: Result) -> bool:
    documented = result.verdict in (Verdict.BITES, Verdict.CLEAR)
    return documented and result.judgement.message != NOT_THIS_MACHINE


def verdict_counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count the results by verdict, every verdict listed."""
    counted = Counter(result.verdict for result in results)
    return {verdict: counted[verdict] for verdict in Verdict}
