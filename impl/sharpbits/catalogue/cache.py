"""Results of earlier runs, by what was run and where: the finding's content and the environment's fingerprint."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.observation import Observation
from sharpbits.files import write_atomically

#: Raised when what is stored, or how a run is classified, changes its meaning.
FORMAT = 3

_log = logging.getLogger(__name__)


class ResultCache:
    """A folder of JSON files, one for each finding and environment."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or platformdirs.user_cache_path("sharpbits") / "results"

    def _path(self, finding: Finding, environment: Environment) -> Path:
        key = f"{FORMAT}\n{finding.id}\n{finding.digest}\n{environment.fingerprint}"
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def get(self, finding: Finding, environment: Environment) -> tuple[Observation, ...] | None:
        """Return the stored observations, or None; an unreadable entry is deleted, and logged."""
        path = self._path(finding, environment)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return tuple(Observation.from_dict(one) for one in stored["observations"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("cached result %s is unreadable (%s) and was deleted; the finding runs again", path, error)
            path.unlink(missing_ok=True)
            return None

    def put(self, finding: Finding, environment: Environment, observations: Sequence[Observation]) -> None:
        """Store the observations of one finding."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stored = {
            "finding": finding.id,
            "fingerprint": environment.fingerprint,
            "observations": [observation.as_dict() for observation in observations],
        }
        write_atomically(self._path(finding, environment), json.dumps(stored, allow_nan=False))
