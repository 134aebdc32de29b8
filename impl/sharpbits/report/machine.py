"""One run as a JSON document: everything that was seen, for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sharpbits.catalogue import Environment, Finding, FindingFileError, Observation, Result, Verdict, since
from sharpbits.files import shown_path
from sharpbits.report.ordering import verdict_counts, worst_first

#: Raised when a key changes its meaning or goes away.
SCHEMA_VERSION = 1


def as_json(
    results: Sequence[Result],
    environment: Environment,
    *,
    broken: Sequence[FindingFileError] = (),
    interrupted: bool = False,
) -> str:
    """Return the document; findings stand in the order of the table, worst first."""
    document = {
        "schema": SCHEMA_VERSION,
        "environment": environment.as_dict(),
        "counts": {str(verdict): count for verdict, count in verdict_counts(results).items()},
        "interrupted": interrupted,
        "findings": [_entry(result, environment) for result in worst_first(results)],
        "broken_files": _broken(broken),
    }
    document["counts"]["broken"] += len(broken)  # type: ignore[index]
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def list_as_json(findings: Sequence[Finding], *, broken: Sequence[FindingFileError] = ()) -> str:
    """Return what a catalogue holds, nothing of it run."""
    document = {
        "schema": SCHEMA_VERSION,
        "findings": [
            {
                "id": finding.id,
                "path": shown_path(finding.path),
                "title": finding.table.title,
                "component": finding.table.component,
                "family": finding.table.family,
            }
            for finding in findings
        ],
        "broken_files": _broken(broken),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _broken(broken: Sequence[FindingFileError]) -> list[dict[str, Any]]:
    return [{"path": shown_path(one.path), "line": one.line, "why": one.why} for one in broken]


def _seen(observation: Observation) -> dict[str, Any]:
    """Leave out the whole text of a failure, which may be a compiler's dump; detail and stderr_tail sum it up."""
    return {key: value for key, value in observation.as_dict().items() if key != "text"}


def _entry(result: Result, environment: Environment) -> dict[str, Any]:
    table, judgement = result.finding.table, result.judgement
    told = None if result.verdict is Verdict.NOT_APPLICABLE else since(result.finding, environment)
    return {
        "id": result.finding.id,
        "path": shown_path(result.finding.path),
        "title": table.title,
        "component": table.component,
        "family": table.family,
        "summary": table.summary,
        "oracle": table.oracle,
        "verdict": result.verdict,
        "outcome": judgement.outcome,
        "severity": result.severity.label,
        "documented": judgement.documented,
        "seen": judgement.seen,
        "message": judgement.message,
        "since": str(told) if told else None,
        "instead": table.instead,
        "workaround": table.workaround,
        "see": table.see,
        "upstream": table.upstream,
        "cached": result.cached,
        "seconds": round(result.seconds, 3),
        "observations": [_seen(observation) for observation in result.observations],
    }
