"""What a search has seen so far, on disk after every run, so that a killed search loses the running one at most."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from sharpbits.catalogue import Observation, Outcome
from sharpbits.errors import UsageError
from sharpbits.files import write_atomically
from sharpbits.timetravel.checks import (
    Part,
    anything,
    each,
    flag,
    items,
    mapped,
    moment,
    number,
    number_or_name,
    one_of,
    or_none,
    refused,
    text,
)
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.lock import lock_text, parse_lock
from sharpbits.timetravel.stack import Stack

_FORMAT = 2
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Draw:
    """One run in one stack: what it showed, or why it shows nothing."""

    observation: Observation | None
    untestable: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "observation": self.observation.as_dict() if self.observation else None,
            "untestable": self.untestable,
        }


@dataclass
class SearchState:
    """The file of one search."""

    path: Path
    #: What was asked for; a state of another question is not resumed.
    request: dict[str, Any]
    history: History | None = None
    #: Runs by the stack's digest, in the order in which they were made.
    draws: dict[str, list[Draw]] = field(default_factory=dict)

    def keep_history(self, history: History) -> None:
        """Store the stacks that are searched: the newest of them are not resolved alike tomorrow."""
        self.history = history
        self.save()

    def add(self, stack: Stack, draw: Draw) -> None:
        """Store one more run."""
        self.draws.setdefault(stack.digest, []).append(draw)
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        history = self.history and {
            "packages": self.history.packages,
            "unresolvable": [[moment.isoformat(), why] for moment, why in self.history.unresolvable],
            "candidates": [[one.at.isoformat(), lock_text(one.stack)] for one in self.history.candidates],
        }
        stored = {
            "format": _FORMAT,
            "request": self.request,
            "history": history,
            "draws": {digest: [draw.as_dict() for draw in draws] for digest, draws in self.draws.items()},
        }
        write_atomically(self.path, json.dumps(stored))


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
    place = path or platformdirs.user_cache_path("sharpbits") / "searches" / f"{key}.json"
    plain |= {f"the content of {name}": digest for name, digest in contents.items()}
    if not resume:
        return SearchState(place, plain)
    try:
        stored = _read(place)
    except FileNotFoundError as error:
        raise UsageError(
            "there is no search to resume", why=f"{place} does not exist", resolution="run it without --resume"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            "a search cannot be resumed",
            why=f"its state is damaged: {error}",
            resolution="run it without --resume",
            path=place,
        ) from error
    if stored.request != plain:
        absent = object()
        differing = sorted(
            name for name in {*plain, *stored.request} if plain.get(name, absent) != stored.request.get(name, absent)
        )
        raise UsageError(
            "a search cannot be resumed",
            why=f"the state is of another question: {', '.join(differing)} differ",
            resolution="give the options of the first run, or run it without --resume",
            path=place,
        )
    return stored


def _read(place: Path) -> SearchState:
    """Read a state.

    Raises
    ------
    ValueError
        It is damaged, or of another format.
    """
    part = Part(json.loads(place.read_text(encoding="utf-8")), "")
    if part.value.get("format") != _FORMAT:
        raise ValueError(f"its format is {part.value.get('format')!r}, this sharpbits reads {_FORMAT}")
    draws = Part(part.get("draws", mapped(text, items)), "draws")
    return SearchState(
        place,
        part.get("request", mapped(text, anything)),
        part.get("history", or_none(_history)),
        {digest: list(draws.parts(digest, _draw)) for digest in draws.value},
    )


def _history(value: object) -> History:
    part = Part(value, "")
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
    return Draw(part.get("observation", or_none(_observation)), part.get("untestable", or_none(text)))


def _observation(value: object) -> Observation:
    part = Part(value, "")
    return Observation(
        outcome=part.get("outcome", one_of(Outcome)),
        detail=part.get("detail", text),
        seconds=part.get("seconds", number),
        peak_memory=int(part.get("peak_memory", number)),
        observed=part.get("observed", anything),
        expected=part.get("expected", anything),
        error=part.get("error", or_none(number_or_name)),
        tolerance=part.get("tolerance", or_none(number)),
        exception=part.get("exception", or_none(text)),
        text=part.get("text", text),
        signal=part.get("signal", or_none(text)),
        stderr_tail=part.get("stderr_tail", each(text)),
        importing=part.get("importing", flag),
    )
