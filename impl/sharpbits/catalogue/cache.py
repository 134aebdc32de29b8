"""Results of earlier runs, by what was run and where: the finding's content and the environment's fingerprint."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.observation import Observation
from sharpbits.errors import SharpbitsError
from sharpbits.files import write_atomically

#: Raised when what is stored, or how a run is classified, changes its meaning.
FORMAT = 4

_log = logging.getLogger(__name__)


def _default_folder() -> Path:
    """Return the user's own; without a home it begins with ``~``, and is no place for anything."""
    try:
        return platformdirs.user_cache_path("sharpbits") / "results"
    except RuntimeError:  # what newer releases of platformdirs make of the absence of a home
        return Path("~", "sharpbits", "results")


class ResultCache:
    """A folder of JSON files, one for each finding and environment."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _default_folder()
        #: Set by the first result that could not be kept: without a cache one runs without a cache, and says so once.
        self._unusable = threading.Event()

    def _path(self, finding: Finding, environment: Environment) -> Path:
        key = f"{FORMAT}\n{finding.id}\n{finding.digest}\n{environment.fingerprint}"
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def get(self, finding: Finding, environment: Environment) -> tuple[Observation, ...] | None:
        """Return the stored observations, or None; an unreadable entry is deleted, and logged."""
        if not self._serves(environment):
            return None
        path = self._path(finding, environment)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return tuple(Observation.from_dict(one) for one in stored["observations"])
        except FileNotFoundError:
            return None
        except OSError as error:
            self._give_up(error)
            return None
        except (RecursionError, ValueError, KeyError, TypeError) as error:
            _log.warning("cached result %s is unreadable (%s) and was deleted; the finding runs again", path, error)
            with suppress(OSError):  # then the new result cannot be kept either, and that is said
                path.unlink(missing_ok=True)
            return None

    def put(self, finding: Finding, environment: Environment, observations: Sequence[Observation]) -> None:
        """Store the observations of one finding; where that cannot be done, say so once and go on without."""
        if not self._serves(environment):
            return
        stored = {
            "finding": finding.id,
            "fingerprint": environment.fingerprint,
            "observations": [observation.as_dict() for observation in observations],
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(finding, environment), json.dumps(stored, allow_nan=False))
        except (OSError, SharpbitsError) as error:
            self._give_up(error)

    def _serves(self, environment: Environment) -> bool:
        """Tell whether results can be kept at all."""
        if self.folder.parts[:1] == ("~",):
            self._say_once("results cannot be kept: there is no home folder, and XDG_CACHE_HOME is not set")
            return False
        if environment.untold:
            self._say_once(
                f"results are not kept: nobody can tell whether {', '.join(environment.untold)} changed since "
                "(too many files, or an unreadable direct_url.json)"
            )
            return False
        return True

    def _give_up(self, error: OSError | SharpbitsError) -> None:
        why = error.why if isinstance(error, SharpbitsError) else error
        self._say_once(f"results cannot be kept in {self.folder} ({why})")

    def _say_once(self, what: str) -> None:
        if not self._unusable.is_set():
            self._unusable.set()
            _log.warning("%s: every finding runs anew each time", what)
