"""The order in which a reader wants results: what bites worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sharpbits.catalogue import Outcome, Result, Verdict

_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(
    (Verdict.BROKEN, Verdict.CHANGED, Verdict.BITES, Verdict.CLEAR, Verdict.NOT_APPLICABLE)
)}  # fmt: skip


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Sort by the worst outcome seen, so by severity first; of one outcome the undocumented first, then by id."""

    def key(result: Result) -> tuple[int, int, str]:
        worst = result.worst
        rank = worst.outcome.rank if worst else Outcome.NOT_APPLICABLE.rank
        return rank, _VERDICT_RANK[result.verdict], result.finding.id

    return sorted(results, key=key)


def verdict_counts(results: Iterable[Result]) -> dict[Verdict, int]:
    """Count the results by verdict, every verdict listed."""
    counted = Counter(result.verdict for result in results)
    return {verdict: counted[verdict] for verdict in Verdict}
