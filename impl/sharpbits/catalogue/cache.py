"""Results of earlier runs, by what was run and where: the finding's content and the environment's fingerprint."""

from __future__ import annotations

import hashlib
import json
import reprlib
from collections.abc import Sequence
from pathlib import Path

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.observation import Observation
from sharpbits.checks import DOCUMENT, Part, each, parse
from sharpbits.shelf import Shelf, user_cache

#: Raised when what is stored, or how a run is classified, changes its meaning.
FORMAT = 4


class ResultCache:
    """A folder of JSON files, one for each finding and environment."""

    def __init__(self, folder: Path | None = None) -> None:
        self._shelf = Shelf(folder or user_cache("results"), "results", "every finding runs anew each time")

    @property
    def folder(self) -> Path | None:
        """Where the files lie; None: nowhere."""
        return self._shelf.folder

    def get(self, finding: Finding, environment: Environment) -> tuple[Observation, ...] | None:
        """Return the stored observations, or None; an unreadable entry is deleted, and logged."""
        if not self._serves(environment):
            return None
        return self._shelf.read(_name(finding, environment), lambda text: _observations(text, finding, environment))

    def put(self, finding: Finding, environment: Environment, observations: Sequence[Observation]) -> None:
        """Store the observations of one finding; where that cannot be done, say so once and go on without."""
        if not self._serves(environment):
            return
        stored = {
            "finding": finding.id,
            "fingerprint": environment.fingerprint,
            "observations": [observation.as_dict() for observation in observations],
        }
        self._shelf.write(_name(finding, environment), json.dumps(stored, allow_nan=False))

    def _serves(self, environment: Environment) -> bool:
        """Tell whether results of an environment can be kept."""
        if environment.untold:
            self._shelf.say_once(
                f"results are not kept, for nobody can tell whether {', '.join(environment.untold)} changed since "
                "(too many files, or an unreadable direct_url.json)"
            )
        return not environment.untold


def _name(finding: Finding, environment: Environment) -> str:
    key = f"{FORMAT}\n{finding.id}\n{finding.digest}\n{environment.fingerprint}"
    return f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _observations(text: str, finding: Finding, environment: Environment) -> tuple[Observation, ...]:
    """Read an entry; ValueError says why it is none of this finding and environment."""
    stored = Part(parse(text), DOCUMENT)
    for name, wanted in (("finding", finding.id), ("fingerprint", environment.fingerprint)):
        if stored.value.get(name) != wanted:
            raise ValueError(f"its {name} is {reprlib.repr(stored.value.get(name))}")
    observations = stored.get("observations", each(Observation.from_dict))
    if not observations:
        raise ValueError("it holds no observation")
    return observations
