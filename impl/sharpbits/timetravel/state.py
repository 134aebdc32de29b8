"""What a search has seen so far, on disk after every run, so that a killed search loses the running one at most."""

from __future__ import annotations

import hashlib
import json
import logging
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sharpbits.catalogue import Observation
from sharpbits.checks import (
    DOCUMENT,
    Part,
    anything,
    brief,
    each,
    items,
    mapped,
    moment,
    or_none,
    parse,
    refused,
    text,
)
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import write_atomically
from sharpbits.shelf import user_cache
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.lock import lock_text, parse_lock
from sharpbits.timetravel.stack import Stack

_FORMAT = 2
_CONTENT = "the content of "
#: In place of the digest of a file that a run changed: it is what the subject writes, and no part of it.
_WRITTEN = "written by a run"
_log = logging.getLogger(__name__)
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Draw:
    """One run in one stack: what it showed, or why it shows nothing."""

    observation: Observation | None
    untestable: str | None = None
    #: It may be otherwise the next time: it holds for this search, and is not stored.
    passing: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "observation": self.observation.as_dict() if self.observation else None,
            "untestable": self.untestable,
        }


@dataclass
class SearchState:
    """The file of one search."""

    #: None: there is no place for one.
    path: Path | None
    #: What was asked for; a state of another question is not resumed.
    request: dict[str, Any]
    history: History | None = None
    #: Runs by the stack's digest, in the order in which they were made.
    draws: dict[str, list[Draw]] = field(default_factory=dict)
    #: Whether the file could not be written; said once, for the search itself goes on.
    unkept: bool = False

    def keep_history(self, history: History) -> None:
        """Store the stacks that are searched: the newest of them are not resolved alike tomorrow."""
        self.history = history
        self.save()

    def add(self, stack: Stack, draw: Draw) -> None:
        """Store one more run."""
        self.draws.setdefault(stack.digest, []).append(draw)
        self.save()

    def wrote(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Take the files that a run made or changed out of what the search is bound to."""
        for name in after:
            if before.get(name) != after[name]:
                self.request[_content_of(name)] = _WRITTEN

    def departed(self, contents: Mapping[str, str]) -> list[str]:
        """Return which files are gone, or hold something else than what the search is bound to."""
        now = {_content_of(name): digest for name, digest in contents.items()}
        return sorted(
            what.removeprefix(_CONTENT)
            for what, bound in self.request.items()
            if what.startswith(_CONTENT) and bound not in (_WRITTEN, now.get(what))
        )

    def save(self) -> None:
        """Write the file, whole or not at all; where that cannot be done, say so once."""
        if self.path is None:
            self._say("there is no home folder, and XDG_CACHE_HOME is not set")
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, self._text())
        except SharpbitsError as error:
            self._say(f"{self.path}: {error.why}")
        except OSError as error:
            self._say(str(error))

    def _say(self, why: str) -> None:
        if not self.unkept:
            _log.warning("the search cannot be kept (%s): --resume will not find it", why)
        self.unkept = True

    def _text(self) -> str:
        history = self.history and {
            "packages": self.history.packages,
            "unresolvable": [[moment.isoformat(), why] for moment, why in self.history.unresolvable],
            "candidates": [[one.at.isoformat(), lock_text(one.stack)] for one in self.history.candidates],
        }
        stored = {
            "format": _FORMAT,
            "request": self.request,
            "history": history,
            "draws": {
                digest: [draw.as_dict() for draw in draws if not draw.passing] for digest, draws in self.draws.items()
            },
        }
        return json.dumps(stored)


def open_state(
    request: dict[str, Any], *, path: Path | None, resume: bool, contents: Mapping[str, str] = _NONE
) -> SearchState:
    """Return a new state, or with ``resume`` the stored one of the same question.

    Parameters
    ----------
    path
        The state's file; default: one in the user's cache, named after the question.
    contents
        Digests of the files that the question is about, by name. They are no part of the file's name: so a search whose
        script was edited is found, and refused.

    Raises
    ------
    UsageError
        There is nothing to resume; the file is damaged; it belongs to another question, or to other contents.
    """
    plain = json.loads(json.dumps(request))
    key = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:20]
    folder = user_cache("searches")
    place = path or (folder and folder / f"{key}.json")
    plain |= {_content_of(name): digest for name, digest in contents.items()}
    if not resume:
        return SearchState(place, plain)
    if place is None:
        raise UsageError(
            "there is no search to resume", why="there is no home folder", resolution="name its file with --state"
        )
    try:
        stored = _read(place)
    except FileNotFoundError as error:
        raise UsageError(
            "there is no search to resume", why=f"{place} does not exist", resolution="run it without --resume"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(
            "a search cannot be resumed",
            why=f"its state is damaged: {error}",
            resolution="run it without --resume",
            path=place,
        ) from error
    absent = object()
    differing = sorted(
        name
        for name in {*plain, *stored.request}
        if plain.get(name, absent) != stored.request.get(name, absent) and stored.request.get(name) != _WRITTEN
    )
    if differing:
        raise UsageError(
            "a search cannot be resumed",
            why=f"the state is of another question: {_enumerated(differing)}",
            resolution="give the options of the first run, or run it without --resume",
            path=place,
        )
    return stored


def _enumerated(names: list[str]) -> str:
    return f"{', '.join(map(brief, names))} {'differs' if len(names) == 1 else 'differ'}"


def _content_of(name: str) -> str:
    return _CONTENT + name


def _read(place: Path) -> SearchState:
    """Read a state.

    Raises
    ------
    ValueError
        It is damaged, or of another format.
    """
    part = Part(parse(place.read_text(encoding="utf-8")), DOCUMENT)
    if part.value.get("format") != _FORMAT:
        raise ValueError(f"its format is {reprlib.repr(part.value.get('format'))}, this sharpbits reads {_FORMAT}")
    draws = Part(part.get("draws", mapped(text, items)), "draws")
    return SearchState(
        place,
        part.get("request", mapped(text, anything)),
        part.get("history", or_none(_history)),
        {digest: list(draws.parts(digest, _draw)) for digest in draws.value},
    )


def _history(value: object) -> History:
    part = Part(value)
    candidates = part.get("candidates", each(_candidate))
    if not candidates:
        raise ValueError("has no stack")
    return History(candidates, part.get("packages", each(text)), part.get("unresolvable", each(_unresolvable)))


def _candidate(value: object) -> Candidate:
    at, lock = _pair(value)
    try:
        return Candidate(moment(at), parse_lock(lock, at, python="", platform=""))
    except UsageError as error:
        raise ValueError(f"{error.what}: {error.why}") from error


def _unresolvable(value: object) -> tuple[datetime, str]:
    at, why = _pair(value)
    return moment(at), why


def _pair(value: object) -> tuple[str, str]:
    pair = each(text)(value)
    if len(pair) != 2:
        raise refused(value, "a moment and a text")
    return pair[0], pair[1]


def _draw(part: Part) -> Draw:
    return Draw(part.get("observation", or_none(Observation.from_dict)), part.get("untestable", or_none(text)))
