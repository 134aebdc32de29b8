"""What every strategy offers: documents in, what became of each out, in whatever order it is ready."""

from __future__ import annotations

import contextlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType, TracebackType
from typing import Any, ClassVar

from sharpbits.phasetype.errors import MissingPackageError


class Strategy(ABC):
    """One way of recording; made only where it can run, and used as a context.

    Entering it reaches for what it needs from elsewhere, so that what is missing is told before any work.
    """

    #: As it is asked for.
    name: ClassVar[str]

    def __enter__(self) -> Strategy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    @abstractmethod
    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        """Yield each document's number and outcome (:func:`~sharpbits.phasetype.strategies.work.record_document`).

        Parameters
        ----------
        recorded
            Called for each document that is done, from any thread.

        Raises
        ------
        RecordingError
            Whoever does the work was lost. What fails in the work itself is an outcome.
        """

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Do something that may fail here and not elsewhere: where several processes work together, all fail with one.

        Raises
        ------
        RecordingError
            It failed on another process. What fails here is raised as it is.
        """
        yield

    def agreed(self, names: Sequence[str], missing: Sequence[bool]) -> list[bool]:
        """Return which documents are to be recorded.

        Where several processes work together, the same on all of them: what any of them misses.

        Parameters
        ----------
        names, missing
            Of each document its SHA-256, and whether this process has no recording of it.

        Raises
        ------
        RecordingError
            The processes do not have the same documents, or one was lost.
        """
        return list(missing)


def imported(package: str, strategy: str, extra: str) -> ModuleType:
    """Return a package that a strategy needs.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    try:
        module: Any = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingPackageError(
            f"strategy={strategy!r} cannot be used",
            why=f"{package} is not installed",
            resolution=f"pip install 'sharpbits[{extra}]', or use strategy='sequential'",
        ) from error
    return module  # type: ignore[no-any-return]
