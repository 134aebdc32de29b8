"""From what a matrix saw to the expectation rows that say so: proposed as a diff, for a person to review.

A release that behaves as a row documents is added to the row's evidence. Where it behaves otherwise, rows are split
there. Nothing is removed: what was seen on other releases stays documented as it was.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from sharpbits.catalogue import Finding, Outcome
from sharpbits.catalogue.outcome import FAILURES
from sharpbits.catalogue.schema import ExpectationRow
from sharpbits.timetravel.matrix.document import Blank, Cell, Matrix

_EXPECT = re.compile(r"^# expect = \[\n(?:#.*\n)*?# \]\n", re.MULTILINE)


@dataclass(frozen=True)
class Proposal:
    """What became of one finding's rows."""

    finding: Finding
    #: The file as it would be; the same as it is where nothing follows from the matrix.
    source: str
    #: Why nothing could be proposed although the matrix saw something else than documented.
    left_alone: str | None = None

    def diff(self, name: str) -> str:
        """Return a unified diff, with the file called by this name."""
        lines = difflib.unified_diff(
            self.finding.source.splitlines(keepends=True),
            self.source.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
        return "".join(lines)


@dataclass(frozen=True)
class _Behaviour:
    outcomes: tuple[Outcome, ...]
    match: str | None
    #: Whether the matrix found it so documented, by its text too.
    as_documented: bool = True

    @property
    def kind(self) -> tuple[frozenset[Outcome], str | None]:
        """What makes two the same: a row may list its outcomes in any order."""
        return frozenset(self.outcomes), self.match


def propose(finding: Finding, matrix: Matrix) -> Proposal:
    """Return the rows that a matrix implies for one finding.

    Parameters
    ----------
    matrix
        Cells of another version of the finding's file say nothing of it.
    """
    seen = dict(_cells(finding, matrix))
    if not seen:
        return Proposal(finding, finding.source)
    package = matrix.package
    rows = finding.table.expect
    foreign = [row for row in rows if len(row.when) != 1 or canonicalize_name(row.when[0].name) != package]
    new = {version: behaviour for version, behaviour in seen.items() if not any(version in row.seen for row in rows)}
    if not new and all(_documented(rows, version, behaviour) for version, behaviour in seen.items()):
        return Proposal(finding, finding.source)
    if foreign:
        return Proposal(finding, finding.source, f"its rows speak of other packages than {package}")
    if any(row.where for row in rows):
        return Proposal(finding, finding.source, "its rows speak of machines, of which a matrix has seen one")
    evidence = {version: _behaviour(row) for row in rows for version in row.seen}
    for version, behaviour in seen.items():
        known = _documented(rows, version, behaviour)
        evidence[version] = _behaviour(known) if known else behaviour
    text = _rows_text(package, evidence, _lowest(rows, package))
    if _EXPECT.search(finding.source):
        return Proposal(finding, _EXPECT.sub(lambda found: text, finding.source, count=1))
    # No rows yet: they go to the end of the block.
    return Proposal(finding, re.sub(r"(?m)^# ///$(?! script)", lambda found: text + "# ///", finding.source, count=1))


def _cells(finding: Finding, matrix: Matrix) -> Iterable[tuple[Version, _Behaviour]]:
    for row in matrix.rows:
        if row.id == finding.id and row.digest == finding.digest:
            for column, cell in zip(matrix.columns, row.cells, strict=True):
                seen = _outcomes(cell)
                if seen:
                    yield Version(column.release), _Behaviour(seen, _pattern(cell, seen), not cell.not_as_documented)


def _outcomes(cell: Cell) -> tuple[Outcome, ...]:
    """Return every outcome that a cell's runs had, worst first; none where nothing is said of the stack."""
    if isinstance(cell.outcome, Blank) or cell.outcome is Outcome.NOT_APPLICABLE:
        return ()
    if not cell.tally:
        # An older matrix kept no tally: there "nondeterministic" does not say between what it varies.
        return () if cell.outcome is Outcome.NONDETERMINISTIC else (cell.outcome,)
    return tuple(sorted(set(cell.tally) - {Outcome.NOT_APPLICABLE}, key=lambda one: one.rank))


def _pattern(cell: Cell, seen: Sequence[Outcome]) -> str | None:
    """Return what a failure's text must contain: the signal, or the exception's type; any of them, of several kinds."""
    failed = FAILURES.intersection(seen)
    if not failed:
        return None
    names = cell.failures
    if names is None:
        # An older matrix tells it of its worst run only, and a row's pattern holds for all failures.
        alone = seen[0] in failed and len(failed) == 1
        names = (cell.signal or (cell.exception or "").rpartition(".")[2],) if alone else ()
    return "|".join(map(re.escape, sorted(set(names)))) if names and all(names) else None


def _documented(rows: Sequence[ExpectationRow], version: Version, behaviour: _Behaviour) -> ExpectationRow | None:
    """Return the row that covers a version and lists its outcome, where the failure is the documented one."""
    for row in rows if behaviour.as_documented else ():
        lists = set(behaviour.outcomes) <= set(row.outcome) or (
            len(behaviour.outcomes) > 1 and Outcome.NONDETERMINISTIC in row.outcome
        )
        if lists and row.when[0].specifier.contains(version, prereleases=True):
            return row
    return None


def _behaviour(row: ExpectationRow) -> _Behaviour:
    return _Behaviour(row.outcome, row.match.pattern if row.match else None)


def _lowest(rows: Sequence[ExpectationRow], package: str) -> str | None:
    """Return the lower bound that the oldest row has already."""
    bounds = [part.version for row in rows for part in row.when[0].specifier if part.operator == ">="]
    return min(bounds, key=Version, default=None)


def _rows_text(package: str, evidence: dict[Version, _Behaviour], lowest: str | None) -> str:
    groups = [
        (members[0][1], [version for version, _ in members])
        for members in (list(group) for _, group in groupby(sorted(evidence.items()), key=lambda item: item[1].kind))
    ]
    starts = [versions[0].public for _, versions in groups]  # a bound has no local part (+cpu)
    if lowest is not None and Version(lowest) < Version(starts[0]):
        starts[0] = lowest
    ends = [f",<{start}" for _, start in pairwise(starts)] + [""]
    lines = []
    for (behaviour, versions), start, end in zip(groups, starts, ends, strict=True):
        when = str(Requirement(f"{package}>={start}{end}")) if not end else f"{package}>={start}{end}"
        parts = [f"when = {json.dumps(when)}", f"outcome = {_listed(behaviour.outcomes)}"]
        if behaviour.match is not None:
            parts.append(f"match = {_toml_text(behaviour.match)}")
        parts.append(f"seen = {_listed(versions)}")
        lines.append(f"#   {{ {', '.join(parts)} }},\n")
    return "# expect = [\n" + "".join(lines) + "# ]\n"


def _listed(values: Iterable[object]) -> str:
    return json.dumps([str(value) for value in values])


def _toml_text(text: str) -> str:
    """Write a pattern as a literal string, so that its backslashes stand as they are."""
    return json.dumps(text) if "'" in text or "\n" in text else f"'{text}'"
