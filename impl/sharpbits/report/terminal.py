"""One run for a reader with ten seconds: what bites, how badly, since when, and what to use instead."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sharpbits.catalogue import Environment, Finding, FindingFileError, Observation, Result, Since, Verdict, since
from sharpbits.catalogue.judgement import NOT_THIS_MACHINE
from sharpbits.catalogue.outcome import Severity
from sharpbits.catalogue.snippet import snippet
from sharpbits.files import shown_path
from sharpbits.report.columns import Row, laid_out
from sharpbits.report.ordering import Line, folded, unfolded, verdict_counts
from sharpbits.report.plain_text import printable

_VERDICT_STYLE = {
    Verdict.BITES: "yellow",
    Verdict.CLEAR: "green",
    Verdict.CHANGED: "bold white on red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.BROKEN: "bold red",
}
_SEVERITY_STYLE = {Severity.SILENTLY_WRONG: "bold red", Severity.NONDETERMINISTIC: "red", Severity.NONE: "green"}

#: What a failing line asks for, in the place of what to use instead.
_WHAT_TO_DO = {
    Verdict.BROKEN: "mend its file, see below",
    Verdict.CHANGED: "check again with --fresh, see below",
}
#: How the message of a changed finding may begin.
_CHANGES = ("no longer bites", "bites now", "bites otherwise")


def environment_line(environment: Environment) -> Text:
    """Name what was checked, in one line."""
    parts = [f"sharpbits {version('sharpbits')}"]
    parts += [f"{_short(name)} {number}" for name, number in environment.stack().items()]
    gpus = ", ".join(gpu.name for gpu in environment.gpus) or "no GPU"
    parts += [f"Python {environment.python}", f"{environment.cpu} ({environment.cores} cores)", gpus]
    return Text(" · ".join(parts), style="dim")


def print_report(
    target: Console,
    results: Sequence[Result],
    environment: Environment,
    *,
    broken: Sequence[FindingFileError] = (),
    every: bool = False,
) -> None:
    """Print a whole run: the counts, the table, a line for each finding that changed or is broken, the counts again.

    A family of findings takes one line, and so do those that cannot run here for one reason, unless ``every`` finding
    is to have its own; the counts are of findings.
    They stand where one looks: at the head of a file or a pager, and above the prompt.

    Only the table is fitted to the console, by :mod:`sharpbits.report.columns`; a line of text stays one line, so that
    it can be searched for.
    """
    target.print(environment_line(environment), soft_wrap=True)
    target.print(_counts(results, broken), soft_wrap=True)
    lines = unfolded(results) if every else folded(results)
    if lines or broken:
        names = _names(results)
        rows = [*map(_broken_row, broken), *(_row(line, names[line.lead.finding.id], environment) for line in lines)]
        for text in laid_out(rows, target.width):
            target.print(text, soft_wrap=True)
    for result in (line.lead for line in lines):
        if result.verdict.fails:
            target.print(_failure(result.verdict, result.finding.id, result.judgement.message), soft_wrap=True)
    for error in broken:
        place, said = f"{shown_path(error.path)}:{error.line}", f"{error.why}; {error.resolution}"
        target.print(_failure(Verdict.BROKEN, place, said), soft_wrap=True)
    target.print(_counts(results, broken), soft_wrap=True)


def _failure(verdict: Verdict, name: str, said: str) -> Text:
    return Text.assemble((f"{verdict} {name}", _VERDICT_STYLE[verdict]), "  ", printable(" ".join(said.split())))


def _broken_row(error: FindingFileError) -> Row:
    """Return the line of a file that is no finding."""
    return Row(
        Text(str(Verdict.BROKEN), style=_VERDICT_STYLE[Verdict.BROKEN]),
        shown_path(Path(error.path.parent.name)),
        shown_path(Path(error.path.stem)),
        Text("unreadable", style="dim"),
        f"{shown_path(Path(error.path.name))} is no finding: see line {error.line}",
        "",
        "",
        printable(error.resolution),
    )


def _row(line: Line, name: str, environment: Environment) -> Row:
    result, shown = line.lead, line.lead.finding.table
    if line.kept_away:
        verdict, away = Text(str(result.verdict), style=_VERDICT_STYLE[result.verdict]), printable(line.kept_away)
        return Row(verdict, "", f"{len(line.results)} findings", Text("not run", style="dim"), away, "", "", "")
    seen = printable(result.judgement.seen)
    what, instead = shown.title, shown.instead or shown.workaround or ""
    if result.verdict is Verdict.NOT_APPLICABLE:
        what, seen, instead = result.judgement.message, "not run", ""
    elif result.verdict is Verdict.CLEAR:
        instead = ""
    elif result.verdict.fails:
        what, instead = _news(result), _WHAT_TO_DO[result.verdict]
    if result.judgement.message == NOT_THIS_MACHINE:
        what = f"({NOT_THIS_MACHINE}) {what}"
    when = None if result.verdict is Verdict.NOT_APPLICABLE else since(result.finding, environment)
    return Row(
        Text(str(result.verdict), style=_VERDICT_STYLE[result.verdict]),
        shown.component,
        name,
        Text(seen, style=_SEVERITY_STYLE.get(result.severity, "yellow") if result.observations else "dim"),
        printable(" ".join(what.split())),
        line.faces,
        _since(when, shown.component),
        printable(instead),
    )


def _names(results: Sequence[Result]) -> dict[str, str]:
    """Name each finding by its slug, or by its id where another has the same slug: what ``sharpbits show`` takes."""
    slugs = Counter(result.finding.path.stem for result in results)
    return {
        result.finding.id: result.finding.path.stem if slugs[result.finding.path.stem] == 1 else result.finding.id
        for result in results
    }


def _news(result: Result) -> str:
    """Say that it is otherwise than documented before what it is about; the whole message stands below the table."""
    if result.verdict is Verdict.BROKEN:
        change = "tells nothing"
    else:
        said = result.judgement.message
        change = next((words for words in _CHANGES if said.startswith(words)), "otherwise than documented")
    return f"{change}: {result.finding.table.title}"


def _since(when: Since | None, component: str) -> str:
    """Leave the package out where it is the component's own, which stands on the same line."""
    if when is None:
        return ""
    package = _short(when.package)
    told = str(when.version) if package == component else f"{package} {when.version}"
    return told if when.word == "since" else f"{when.word} {told}"


def _short(name: str) -> str:
    """Drop the prefix that the whole stack shares."""
    return name.replace("pennylane-", "")


def _counts(results: Sequence[Result], broken: Sequence[FindingFileError]) -> Text:
    counts = verdict_counts(results)
    counts[Verdict.BROKEN] += len(broken)
    line = Text()
    for verdict, count in counts.items():
        if count or not verdict.fails:
            line.append(f"{count} {verdict}", style=_VERDICT_STYLE[verdict] if count else "dim").append(" · ")
    silently = sum(
        result.verdict in (Verdict.BITES, Verdict.CHANGED) and result.severity is Severity.SILENTLY_WRONG
        for result in results
    )
    line.append(f"{silently} silently wrong", style="bold red" if silently else "dim")
    cached = sum(result.cached for result in results)
    if cached:
        line.append(
            f" · {cached} of {len(results)} from earlier runs of the same stack (--fresh runs them again)", "dim"
        )
    return line


def print_finding(
    output: Console,
    finding: Finding,
    environment: Environment,
    result: Result | None,
    *,
    faces: Sequence[Finding] = (),
) -> None:
    """Print everything about one finding, and an example of what to use instead that can be pasted as it stands.

    ``faces`` are the other findings of its family.
    """
    output.print(description(finding, environment, result, faces=faces))
    example = snippet(finding.table.instead) if finding.table.instead is not None else None
    if example is not None:
        output.print(Text(f"\n{finding.table.instead}, for example:\n", style="bold"))
        # As it is, whatever the width: a wrapped or cropped line is no longer code.
        output.print(Text(example), soft_wrap=True)


def description(
    finding: Finding, environment: Environment, result: Result | None, *, faces: Sequence[Finding] = ()
) -> RenderableType:
    """Everything about one finding: what it says, what is documented, what was last seen here."""
    shown = finding.table
    rows: list[tuple[str, str]] = [
        ("title", shown.title),
        ("what happens", shown.summary),
        ("held against", shown.oracle),
        ("use instead", "; ".join(filter(None, (shown.instead, shown.workaround))) or "nothing known"),
        ("other faces", "\n".join(f"{other.id}: {other.table.title}" for other in faces)),
        ("see also", "\n".join(shown.see)),
        ("upstream", "\n".join(shown.upstream)),
        ("needs", ", ".join([*finding.needs_in_words, *shown.requires])),
        ("runs", f"{shown.repeats} time(s), at most {shown.timeout_s:g} s and {shown.memory_mib} MiB"),
        ("file", str(finding.path)),
    ]
    for row in shown.expect:
        when = ", ".join(str(need) for need in row.when)
        text = f" matching /{row.match.pattern}/" if row.match else ""
        seen = ", ".join(map(str, row.seen))
        rows.append(("documented", f"{when}: {' or '.join(row.outcome)}{text}; seen on {seen}"))
    if not shown.expect:
        rows.append(("documented", "ok everywhere"))
    here = "not run on this stack yet; `sharpbits check` does"
    if result is not None:
        here = f"{result.verdict}: {result.judgement.seen}"
        if result.judgement.message:
            here += f"\n{result.judgement.message}"
        for observation in result.observations:
            here += f"\n{_numbers(observation)}"
    rows.append(("on this stack", here))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        if text:
            table.add_row(label, Text(printable(text)))
    return Group(Text(finding.id, style="bold"), table, environment_line(environment))


def _numbers(observation: Observation) -> str:
    """One run's figures, long lists cut."""
    parts = [f"{observation.outcome} in {observation.seconds:.1f} s"]
    if observation.error is not None:
        parts.append(f"error {observation.error}, tolerance {observation.tolerance}")
        parts += [f"{label} {_cut(value)}" for label, value in
                  (("observed", observation.observed), ("expected", observation.expected))]  # fmt: skip
    parts.append(observation.detail)
    return "; ".join(filter(None, parts))


def _cut(value: object, length: int = 120) -> str:
    text = json.dumps(value)
    return text if len(text) <= length else f"{text[:length]}…"
