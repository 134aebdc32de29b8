"""What a search has seen so far, on disk after every run, so that a killed search loses the running one at most."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs

from sharpbits.catalogue import Observation
from sharpbits.errors import UsageError
from sharpbits.files import write_atomically
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.lock import lock_text, parse_lock
from sharpbits.timetravel.stack import Stack

_FORMAT = 1


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

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Draw:
        """Undo :meth:`as_dict`."""
        observation = stored["observation"]
        return cls(Observation.from_dict(observation) if observation else None, stored["untestable"])


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


def open_state(request: dict[str, Any], *, path: Path | None, resume: bool) -> SearchState:
    """Return a new state, or with ``resume`` the stored one of the same question.

    Parameters
    ----------
    path
        The state's file; default: one in the user's cache, named after the question.

    Raises
    ------
    UsageError
        There is nothing to resume; the file is damaged; it belongs to another question.
    """
    plain = json.loads(json.dumps(request))
    key = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:20]
    place = path or platformdirs.user_cache_path("sharpbits") / "searches" / f"{key}.json"
    if not resume:
        return SearchState(place, plain)
    try:
        stored = json.loads(place.read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            raise ValueError(f"format {stored['format']} is not {_FORMAT}")
        draws = {digest: [Draw.from_dict(one) for one in listed] for digest, listed in stored["draws"].items()}
        history = _history(stored["history"])
    except FileNotFoundError as error:
        raise UsageError(
            "there is no search to resume", why=f"{place} does not exist", resolution="run it without --resume"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "a search cannot be resumed",
            why=f"its state is damaged: {error!r}",
            resolution="run it without --resume",
            path=place,
        ) from error
    if stored["request"] != plain:
        differing = sorted(
            name for name in {*plain, *stored["request"]} if plain.get(name) != stored["request"].get(name)
        )
        raise UsageError(
            "a search cannot be resumed",
            why=f"the state is of another question: {', '.join(differing)} differ",
            resolution="give the options of the first run, or run it without --resume",
            path=place,
        )
    return SearchState(place, plain, history, draws)


def _history(stored: dict[str, Any] | None) -> History | None:
    if stored is None:
        return None
    return History(
        tuple(
            Candidate(datetime.fromisoformat(at), parse_lock(text, at, python="", platform=""))
            for at, text in stored["candidates"]
        ),
        tuple(stored["packages"]),
        tuple((datetime.fromisoformat(moment), why) for moment, why in stored["unresolvable"]),
    )
