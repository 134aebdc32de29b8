"""The order in which a reader wants results: what is news first of all, then what bites worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sharpbits.catalogue import Outcome, Result, Verdict

_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(
    (Verdict.BROKEN, Verdict.CHANGED, Verdict.BITES, Verdict.CLEAR, Verdict.NOT_APPLICABLE)
)}  # fmt: skip


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Sort what makes the run fail first, then by the worst outcome seen, so by severity, and last by id."""

    def key(result: Result) -> tuple[bool, int, int, str]:
        worst = result.worst
        outcome = worst.outcome.rank if worst else Outcome.NOT_APPLICABLE.rank
        verdict = _VERDICT_RANK[result.verdict]
        # A file that malfunctions has shown no outcome: among failures the verdict comes first.
        first, second = (verdict, outcome) if result.verdict.fails else (outcome, verdict)
        return not result.verdict.fails, first, second, result.finding.id

    return sorted(results, key=key)


def verdict_counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count the results by verdict, every verdict listed."""
    counted = Counter(result.verdict for result in results)
    return {verdict: counted[verdict] for verdict in Verdict}
