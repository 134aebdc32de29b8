"""What a matrix is, in memory and on disk: findings by releases, plain JSON, read by one validator.

Whoever shows a matrix or draws conclusions from it takes a :class:`Matrix`, so the form of a file is looked at here
and nowhere else.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sharpbits.catalogue import Outcome, Verdict
from sharpbits.checks import (
    DOCUMENT,
    Part,
    count,
    each,
    flag,
    mapped,
    moment,
    number,
    number_or_name,
    one_of,
    or_none,
    package,
    parse,
    refused,
    release,
    text,
)
from sharpbits.errors import UsageError
from sharpbits.timetravel.lock import timestamp

FORMAT = 1


class Blank(StrEnum):
    """What stands in place of an outcome where nothing is known of the stack."""

    #: The finding's own file malfunctions.
    BROKEN = "broken"
    #: The stack could not be built, or was not run.
    UNTESTABLE = "untestable"


#: All that a cell can show.
Shown = Outcome | Blank


@dataclass(frozen=True)
class Cell:
    """What one finding shows on one release."""

    outcome: Shown
    #: None: nothing was run.
    verdict: Verdict | None
    #: What was seen, in words, with counts where the runs differ.
    seen: str
    #: The documented outcomes for these versions.
    documented: tuple[Outcome, ...]
    detail: str
    signal: str | None = None
    exception: str | None = None
    #: A number, or ``"nan"`` or ``"inf"``.
    error: float | str | None = None
    tolerance: float | None = None
    #: Plain JSON values.
    observed: Any = None
    expected: Any = None
    seconds: float | None = None
    #: How many runs had each outcome; None: an older matrix, which did not keep it.
    tally: Mapping[Outcome, int] | None = None
    #: What each kind of failure among the runs is recognised by, a signal or the type of an exception; empty text: by
    #: nothing. None: an older matrix, which kept that of the worst run only.
    failures: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if (self.outcome is Blank.BROKEN) != (self.verdict is Verdict.BROKEN):
            raise ValueError(f"has the outcome {self.outcome} and the verdict {self.verdict}")
        if (self.outcome is Blank.UNTESTABLE) != (self.verdict is None):
            raise ValueError(f"has the outcome {self.outcome} and {'no' if self.verdict is None else 'a'} verdict")

    @property
    def not_as_documented(self) -> bool:
        """Whether it is no proof of what is documented: it shows something else, or its finding malfunctions."""
        return self.verdict is not None and self.verdict.fails


@dataclass(frozen=True)
class Column:
    """One release, and the stack of its day."""

    release: str
    #: The moment whose stack this is.
    at: datetime
    uploaded: datetime | None
    versions: Mapping[str, str]
    digest: str | None
    #: Why its cells could not be tested.
    untestable: str | None

    @property
    def day(self) -> str:
        """When it was uploaded, or else the day of its stack."""
        return f"{self.uploaded or self.at:%Y-%m-%d}"


@dataclass(frozen=True)
class Row:
    """One finding, and what it shows on each release."""

    id: str
    #: SHA-256 of the finding's file.
    digest: str
    component: str
    title: str
    workaround: str | None
    instead: str | None
    summary: str
    oracle: str
    upstream: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def changes(self) -> bool:
        """Whether its outcome differs between releases; those on which nothing could be seen do not count."""
        return len({cell.outcome for cell in self.cells} - set(Blank)) > 1


@dataclass(frozen=True)
class Matrix:
    """Findings by releases of a package."""

    package: str
    generated: datetime
    python: str
    cpu: str
    cores: int
    platform: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    #: Cells that were not run say so; a reader of the whole must not take it for one.
    interrupted: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{row.id} has {len(row.cells)} cells for {len(self.columns)} releases")
        for kind, names in (
            ("rows", [row.id for row in self.rows]),
            ("columns", [column.release for column in self.columns]),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {kind} are of {reprlib.repr(twice)}")

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        return [cell for row in self.rows for cell in row.cells]

    def as_json(self) -> str:
        """Return the text of its file."""
        document = {"format": FORMAT, "interrupted": self.interrupted, **_plain(self)}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"


def read_matrix(path: Path) -> Matrix:
    """Read a matrix that was stored with ``sharpbits matrix --output``.

    Raises
    ------
    UsageError
        It is missing, damaged, or of another format.
    """
    try:
        document = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(str(error), path=path) from error
    return matrix_of(document, path=path)


def matrix_of(document: object, **context: object) -> Matrix:
    """Return the matrix that a JSON document is.

    Raises
    ------
    UsageError
        It is none: says which part of it is not what it should be.
    """
    try:
        return _matrix(Part(document, DOCUMENT))
    except ValueError as error:
        raise _unreadable(str(error), **context) from error


def _unreadable(why: str, **context: object) -> UsageError:
    return UsageError(
        "a matrix cannot be read", why=why, resolution="write one with `sharpbits matrix -o FILE`", **context
    )


def _plain(value: Any) -> Any:
    """Return what is stored: everything as JSON has it."""
    if isinstance(value, Matrix | Column | Row | Cell):
        facts = {field.name: getattr(value, field.name) for field in fields(value)}
        if isinstance(value, Cell):
            facts["verdict"] = value.verdict or ""
            for name in ("tally", "failures"):
                if facts[name] is None:
                    del facts[name]
        return {name: _plain(fact) for name, fact in facts.items()}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, StrEnum):
        return str(value)
    return dict(value) if isinstance(value, Mapping) else value


def _matrix(part: Part) -> Matrix:
    if part.value.get("format") != FORMAT:
        raise ValueError(f"its format is {reprlib.repr(part.value.get('format'))}, this sharpbits reads {FORMAT}")
    columns = part.parts("columns", _column)
    return Matrix(
        package=part.get("package", package if columns else text),
        generated=part.get("generated", moment),
        cores=part.get("cores", count),
        columns=columns,
        rows=part.parts("rows", _row),
        interrupted="interrupted" in part.value and part.get("interrupted", flag),
        **{name: part.get(name, text) for name in ("python", "cpu", "platform")},
    )


def _column(part: Part) -> Column:
    return Column(
        release=part.get("release", release),
        at=part.get("at", moment),
        uploaded=part.get("uploaded", or_none(moment)),
        versions=part.get("versions", mapped(text, text)),
        digest=part.get("digest", or_none(text)),
        untestable=part.get("untestable", or_none(text)),
    )


def _row(part: Part) -> Row:
    return Row(
        workaround=part.get("workaround", or_none(text)),
        instead=part.get("instead", or_none(text)),
        upstream=part.get("upstream", each(text)),
        cells=part.parts("cells", _cell),
        **{name: part.get(name, text) for name in ("id", "digest", "component", "title", "summary", "oracle")},
    )


def _cell(part: Part) -> Cell:
    verdict = part.get("verdict", text)
    facts: dict[str, Any] = {
        "outcome": part.get("outcome", _shown),
        "verdict": part.get("verdict", one_of(Verdict)) if verdict else None,
        "seen": part.get("seen", text),
        "documented": part.get("documented", each(one_of(Outcome))),
        "detail": part.get("detail", text),
        "signal": part.get("signal", or_none(text)),
        "exception": part.get("exception", or_none(text)),
        "error": part.get("error", or_none(number_or_name)),
        "tolerance": part.get("tolerance", or_none(number)),
        "observed": part.get("observed", lambda value: value),
        "expected": part.get("expected", lambda value: value),
        "seconds": part.get("seconds", or_none(number)),
        "tally": part.get("tally", mapped(one_of(Outcome), count)) if "tally" in part.value else None,
        "failures": part.get("failures", each(text)) if "failures" in part.value else None,
    }
    try:
        return Cell(**facts)
    except ValueError as error:
        raise ValueError(f"{part.place} {error}") from error


def _shown(value: object) -> Shown:
    vocabulary: tuple[Shown, ...] = (*Outcome, *Blank)
    found = next((one for one in vocabulary if one == value), None)
    if found is None:
        raise refused(value, f"one of {', '.join(vocabulary)}")
    return found
