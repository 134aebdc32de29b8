"""A folder of small files that one can do without: what cannot be kept or read there is said once, and ends nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import platformdirs

from sharpbits.errors import SharpbitsError
from sharpbits.files import write_atomically

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def user_cache(name: str) -> Path | None:
    """Return a folder of the user's cache; None: there is no home, and so no cache."""
    try:
        folder = platformdirs.user_cache_path("sharpbits")
    except RuntimeError:  # what newer releases of platformdirs make of the absence of a home
        return None
    # Without a home the older ones return "~" as it is, which is no place for anything.
    return None if folder.parts[:1] == ("~",) else folder / name


class Shelf:
    """A folder of texts by name.

    Parameters
    ----------
    folder
        Made when the first text is kept; None: there is no place for one.
    what
        What lies there, in the plural: ``"results"``.
    otherwise
        What that means: ``"every finding runs anew each time"``.
    """

    def __init__(self, folder: Path | None, what: str, otherwise: str) -> None:
        self.folder = folder
        self._what, self._otherwise = what, otherwise
        self._said = threading.Event()

    def read(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        """Return what a text says, or None; one that ``parse`` refuses by a ValueError is deleted, and logged."""
        if self.folder is None:
            return None
        path = self.folder / name
        try:
            return parse(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._give_up(str(error))
        except ValueError as error:
            _log.warning("%s is unreadable (%s) and was deleted: %s", path, error, self._otherwise)
            with suppress(OSError):  # then a new one cannot be kept either, and that is said
                path.unlink(missing_ok=True)
        return None

    def write(self, name: str, text: str) -> None:
        """Keep a text; where that cannot be done, say so once and go on without."""
        if self.folder is None:
            self.say_once(f"{self._what} cannot be kept: there is no home folder, and XDG_CACHE_HOME is not set")
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / name, text)
        except SharpbitsError as error:
            self._give_up(error.why)
        except OSError as error:
            self._give_up(str(error))

    def say_once(self, what: str) -> None:
        """Log the first of all that is said, with what it means."""
        if not self._said.is_set():
            self._said.set()
            _log.warning("%s: %s", what, self._otherwise)

    def _give_up(self, why: str) -> None:
        self.say_once(f"{self._what} cannot be kept in {self.folder} ({why})")
