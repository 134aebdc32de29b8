"""The columns of the table, fitted to the terminal: what gives way, in which order, and what is never cut.

Where the line is too narrow this goes, in this order: the component before a finding's name; the place of names longer
than 36 characters in the same line, the rest of which goes below; since when; what to use instead; the outcome; and the
verdict ``not applicable`` shortens to ``n/a``. The title comes last: it keeps 30 characters. Never cut are a finding's
name, which ``sharpbits show`` takes, and a name in ``sharpbits`` to use instead; ``sharpbits show`` tells what was left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

#: What gives way, first to last, and how much of the title it must leave in order to stay.
_GIVES_WAY = (("component", 60), ("long names", 38), ("since", 34), ("use instead", 30), ("outcome", 30))
_LONG_NAME = 36
_LEAST_TITLE = 30
#: Advice in prose that is cut to less than this says nothing.
_LEAST_ADVICE = 24
#: A terminal that calls itself narrower is taken to be this wide: its own wrapping loses nothing.
_NARROWEST = 40
_GAP = "  "
_SHORT_VERDICTS = {"not applicable": "n/a"}
_DOTTED = re.compile(r"sharpbits(\.\w+)+")


@dataclass(frozen=True)
class Row:
    """One line of the table before it is fitted."""

    verdict: Text
    #: Empty where the line is about findings of any.
    component: str
    #: What ``sharpbits show`` takes; or how many findings the line is about.
    name: str
    outcome: Text
    what: str
    #: Kept whole at the title's end.
    faces: str
    since: str
    instead: str

    @property
    def identifier(self) -> str:
        """The name with its component."""
        return f"{self.component}/{self.name}" if self.component and "/" not in self.name else self.name

    @property
    def title(self) -> str:
        """What happens, and how many faces it has."""
        return f"{self.what} {self.faces}".rstrip()


_HEADING = Row(Text("verdict"), "", "finding", Text("outcome"), "what happens", "", "since", "use instead")


@dataclass(frozen=True)
class _Shape:
    """How wide each column is; those that gave way have no width, and no place."""

    verdict: int
    name: int
    outcome: int
    title: int
    since: int
    instead: int
    #: The whole line.
    line: int
    component: bool = False

    @property
    def taken(self) -> int:
        """What is not the title's, gaps included."""
        widths = [width for width in (self.verdict, self.name, self.outcome, self.since, self.instead) if width]
        return sum(widths) + len(_GAP) * len(widths)


def laid_out(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """Yield the table's lines, the heading first; none is wider than the terminal, but for a name that is.

    >>> row = Row(Text("bites"), "toy", "slug", Text("crash"), "It crashes", "(+1 face)", "1.0", "sharpbits.errors")
    >>> for line in laid_out([row], 50):
    ...     print(line.plain)
    verdict  finding  outcome  what happens
    bites    slug     crash    It crashes (+1 face)
    """
    width = max(width, _NARROWEST)
    shape = _shape(rows, width)
    for line in _lines(_HEADING, shape, heading=True):
        line.stylize("bold")
        yield line
    for row in rows:
        yield from _lines(row, shape)


def _shape(rows: Sequence[Row], width: int) -> _Shape:
    every = (_HEADING, *rows)
    verdict, outcome = _widest(row.verdict.plain for row in every), _widest(row.outcome.plain for row in every)
    since, instead = _widest(row.since for row in every), _widest(row.instead for row in every)
    title = _widest(row.title for row in every)
    # A tail is kept whole, so that it must not be at the title's cost.
    tail = max((cell_len(row.faces) + 1 for row in rows if row.faces), default=0)
    dotted = _widest(found[0] for row in rows if (found := _DOTTED.match(row.instead)))
    least_instead = min(instead, max(dotted, _LEAST_ADVICE))
    for gone, (_, needed) in enumerate(_GIVES_WAY):
        left = {column for column, _ in _GIVES_WAY[gone:]}
        shape = _Shape(
            verdict,
            _name_width(rows, component="component" in left, most=width if "long names" in left else _LONG_NAME),
            outcome,
            0,
            since * ("since" in left),
            least_instead * ("use instead" in left),
            width,
            component="component" in left,
        )
        room = width - shape.taken
        if room >= min(title, needed + tail):
            shown = min(title, room)
            spare = (room - shown) * bool(shape.instead)
            return replace(shape, title=shown, instead=min(instead, shape.instead + spare))
    return _narrow(rows, width, min(title, _LEAST_TITLE))


def _narrow(rows: Sequence[Row], width: int, title: int) -> _Shape:
    """Return what is left where all else gave way: the verdict, the name, and below a longer name the title."""
    verdict = _widest(_short(row.verdict).plain for row in (_HEADING, *rows))
    most = min(_LONG_NAME, width - verdict - title - 2 * len(_GAP))
    name = _name_width(rows, component=False, most=most)
    return _Shape(verdict, name, 0, width - verdict - name - 2 * len(_GAP), 0, 0, width)


def _name_width(rows: Sequence[Row], *, component: bool, most: int) -> int:
    """Return the width of the longest name that is not longer than most."""
    names = [_HEADING.name, *(row.identifier if component else row.name for row in rows)]
    return _widest(name for name in names if cell_len(name) <= most)


def _lines(row: Row, shape: _Shape, *, heading: bool = False) -> Iterator[Text]:
    narrow = not shape.outcome
    verdict = _short(row.verdict) if narrow else row.verdict
    name = row.identifier if shape.component and not heading else row.name
    cells = [(verdict, shape.verdict), (Text(name), shape.name)]
    room = shape.title
    apart = narrow and room < min(cell_len(row.what), _LEAST_TITLE) + bool(row.faces) * (cell_len(row.faces) + 1)
    if cell_len(name) > shape.name or apart:
        yield _joined(cells)
        cells = [(Text(), shape.verdict)]
        if narrow:
            room = shape.line - shape.verdict - len(_GAP)
        else:
            cells.append((Text(), shape.name))
    if shape.outcome:
        cells.append((row.outcome, shape.outcome))
    cells.append((_cut(row.what, room, row.faces), room))
    if shape.since:
        cells.append((Text(row.since), shape.since))
    if shape.instead:
        cells.append((_cut(row.instead, shape.instead), shape.instead))
    yield _joined(cells)


def _joined(cells: Sequence[tuple[Text, int]]) -> Text:
    line = Text(_GAP).join(_padded(text, width) for text, width in cells)
    line.rstrip()
    return line


def _padded(text: Text, width: int) -> Text:
    padded = text.copy()
    padded.append(" " * max(0, width - cell_len(text.plain)))
    return padded


def _cut(text: str, width: int, tail: str = "") -> Text:
    """Cut the text, not its tail, where both are too long."""
    ending = f" {tail}" if tail else ""
    cut = Text(text)
    cut.truncate(max(width - cell_len(ending), 1), overflow="ellipsis")
    return cut.append(ending)


def _short(verdict: Text) -> Text:
    return Text(_SHORT_VERDICTS.get(verdict.plain, verdict.plain), style=verdict.style)


def _widest(texts: Iterator[str] | Sequence[str]) -> int:
    return max(map(cell_len, texts), default=0)
