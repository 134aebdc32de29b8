"""One run as one HTML page: complete in itself, to read, to filter, to pass on.

The page needs nothing but itself: style and script stand in it, and its content security policy forbids every request
and every script but its own. Without JavaScript all of it can be read; with it, it can be filtered and sources copied.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from sharpbits.catalogue import Environment, Finding, FindingFileError, Observation, Result, Severity, Verdict, since
from sharpbits.catalogue.schema import ExpectationRow
from sharpbits.report.html import own_text, policy_hash, templates
from sharpbits.report.ordering import folded, verdict_counts, worst_first
from sharpbits.report.plain_text import printable
from sharpbits.report.terminal import environment_line

#: Values up to this many characters are shown as they are.
_SHORT = 160
#: Longer lists are laid out as text, not entry by entry.
_MOST_ENTRIES = 2000

_UNKNOWN_SEVERITY = "unknown"
_ISSUE = re.compile(r"https?://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)/?")

_VERDICT_MEANS = {
    Verdict.BITES: "It goes wrong here, as documented for these versions.",
    Verdict.CLEAR: "It works here, as documented.",
    Verdict.CHANGED: "It behaves otherwise than documented, for better or worse.",
    Verdict.NOT_APPLICABLE: "Something it needs is absent; the finding says what.",
    Verdict.BROKEN: "The finding's own file malfunctions, so nothing is said of the stack.",
}


@dataclass(frozen=True)
class _Value:
    """A JSON value: shortened for the eye, and whole where that is more."""

    short: str
    whole: str | None


@dataclass(frozen=True)
class _Run:
    """One observation as the page shows it."""

    number: int
    seen: Observation
    observed: _Value
    expected: _Value
    #: Index, observed, expected and difference, where both are plain lists of one length.
    entries: list[tuple[int, str, str, str]]


@dataclass(frozen=True)
class _Line:
    """A finding, and the other faces of its family that stand below it; or all that one thing keeps away."""

    lead: _Entry
    others: list[_Entry]
    #: What keeps them all away; empty where it is not of that kind.
    kept_away: str


@dataclass(frozen=True)
class _Entry:
    """One finding as the page shows it."""

    result: Result
    anchor: str
    severity: str
    seen: str
    since: tuple[str, str] | None
    runs: list[_Run]
    #: Each row, and whether it is the one for the installed versions.
    rows: list[tuple[ExpectationRow, bool]]
    links: list[tuple[str, str]]
    #: The file's own text, escaped: not a character of it is replaced.
    source: Markup


def as_page(
    results: Sequence[Result],
    environment: Environment,
    *,
    broken: Sequence[FindingFileError] = (),
    interrupted: bool = False,
) -> str:
    """Write the page; findings stand in the order of the table, worst first, and families together."""
    entries = [_entry(result, environment) for result in worst_first(results)]
    shown = {one.result.finding.id: one for one in entries}
    lines = [
        _Line(shown[line.lead.finding.id], [shown[other.finding.id] for other in line.others], line.kept_away)
        for line in folded(results)
    ]
    families: defaultdict[str | None, list[str]] = defaultdict(list)
    for one in entries:
        if one.result.finding.table.family is not None:
            families[one.result.finding.table.family].append(one.result.finding.id)
    counts = verdict_counts(results)
    counts[Verdict.BROKEN] += len(broken)
    style, script = own_text("sharpbits.report", "page.css"), own_text("sharpbits.report", "page.js")
    template = templates("sharpbits.report").get_template("page.html")
    return template.render(
        entries=entries,
        lines=lines,
        families=families,
        environment=environment,
        environment_line=environment_line(environment).plain,
        broken=broken,
        interrupted=interrupted,
        counts={verdict: count for verdict, count in counts.items() if count or not verdict.fails},
        silently=sum(
            one.result.verdict in (Verdict.BITES, Verdict.CHANGED) and one.severity == Severity.SILENTLY_WRONG.label
            for one in entries
        ),
        cached=sum(result.cached for result in results),
        filters=_filters(entries),
        anchors={one.result.finding.id: one.anchor for one in entries},
        means=_VERDICT_MEANS,
        written=datetime.now(UTC),
        version=version("sharpbits"),
        style=style,
        script=script,
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )


def _filters(entries: Sequence[_Entry]) -> dict[str, dict[str, int]]:
    """Count the findings of each value that one can filter by; values that no finding has are left out."""
    severities = [*(severity.label for severity in Severity), _UNKNOWN_SEVERITY]
    components = [one.result.finding.table.component for one in entries]
    return {
        "severity": _tally([one.severity for one in entries], severities),
        "verdict": _tally([str(one.result.verdict) for one in entries], list(map(str, Verdict))),
        "component": _tally(components, sorted(set(components))),
    }


def _tally(values: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    return {value: values.count(value) for value in order if value in values}


def _entry(result: Result, environment: Environment) -> _Entry:
    finding = result.finding
    applying = finding.rows_for(environment)
    unknown = result.verdict in (Verdict.NOT_APPLICABLE, Verdict.BROKEN)
    return _Entry(
        result,
        anchor=quote(printable(finding.id), safe="/"),
        severity=_UNKNOWN_SEVERITY if unknown else result.severity.label,
        seen="not run" if result.verdict is Verdict.NOT_APPLICABLE else result.judgement.seen,
        since=None if result.verdict is Verdict.NOT_APPLICABLE else _since(finding, environment),
        runs=_runs(result),
        rows=[(row, row in applying) for row in finding.table.expect],
        links=[(link, link_text(link)) for link in finding.table.upstream],
        source=Markup.escape(finding.source),
    )


def _since(finding: Finding, environment: Environment) -> tuple[str, str] | None:
    """Return a label and a release."""
    told = since(finding, environment)
    return (told.word.capitalize(), told.release) if told else None


def link_text(link: str) -> str:
    """Name a GitHub issue or pull request as GitHub does, anything else by its address."""
    issue = _ISSUE.fullmatch(link)
    return f"{issue[1]}#{issue[2]}" if issue else link


def _runs(result: Result) -> list[_Run]:
    """Return the repeats, the worst first, which alone has its values whole: the JSON document has them all."""
    runs = [
        _Run(
            number,
            seen,
            _value(seen.observed, whole=seen is result.worst),
            _value(seen.expected, whole=seen is result.worst),
            _entries(seen.observed, seen.expected) if seen is result.worst else [],
        )
        for number, seen in enumerate(result.observations, start=1)
    ]
    return sorted(runs, key=lambda run: run.seen is not result.worst)


def _value(value: Any, *, whole: bool) -> _Value:
    text = _text(value)
    return _Value(text, None) if len(text) <= _SHORT else _Value(shortened(value), text if whole else None)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def shortened(value: Any) -> str:
    """Keep as many leading entries of a list as fit, or the beginning of anything else, and say how much more there is.

    >>> shortened(list(range(100)))[-22:]
    '40, 41, 42, … 57 more]'
    """
    if isinstance(value, list):
        kept: list[str] = []
        for part in map(_text, value):
            if sum(map(len, kept)) + 2 * len(kept) + len(part) > _SHORT:
                break
            kept.append(part)
        if kept:
            return f"[{', '.join(kept)}, … {len(value) - len(kept)} more]"
    text = _text(value)
    return f"{text[:_SHORT]}… {len(text) - _SHORT} more characters"


def _entries(observed: Any, expected: Any) -> list[tuple[int, str, str, str]]:
    """Pair two plain lists of one length entry by entry; nothing where they are short or otherwise built."""
    if not (isinstance(observed, list) and isinstance(expected, list) and len(observed) == len(expected)):
        return []
    if len(observed) > _MOST_ENTRIES or any(isinstance(one, list | dict) for one in (*observed, *expected)):
        return []
    if max(len(_text(observed)), len(_text(expected))) <= _SHORT:
        return []
    return [
        (index, _text(one), _text(other), _difference(one, other))
        for index, (one, other) in enumerate(zip(observed, expected, strict=True))
    ]


def _difference(observed: Any, expected: Any) -> str:
    """Return observed minus expected, empty where that is not a number."""
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (observed, expected)):
        return ""
    try:
        return f"{observed - expected:.3g}"
    except OverflowError:
        return ""
