"""Call uv, the resolver and installer, as a program: with a time limit, and with its own words when it fails."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sharpbits.catalogue.process import Limits, run_isolated
from sharpbits.errors import SharpbitsError

#: uv itself needs little; a package that it builds from source may need much.
_MEMORY = 16 << 30
#: uv's exit status where a package cannot be built; 2 where uv itself cannot go on: no network, a full disk.
_FAILED = 1

#: In place of a package's name: every package.
ALL = "all"


class StackError(SharpbitsError):
    """A stack cannot be resolved or built; that says nothing of others."""

    #: It may be otherwise the next time: the network, the disk or a kill is to blame, not the stack.
    passing = True


class UvError(StackError):
    """uv failed, or did not end in time."""


class UnresolvableError(UvError):
    """No set of releases satisfies the requirements as of the date."""

    passing = False


class UnbuildableError(UvError):
    """uv ended by itself and says that it cannot be done."""

    passing = False


@dataclass(frozen=True)
class IndexOptions:
    """Where packages come from, passed on to uv as they are; uv's own configuration and variables hold besides."""

    #: Indexes to use instead of the default one.
    default_index: str | None = None
    #: Indexes asked before the default one.
    extra_index: tuple[str, ...] = ()
    #: Folders or pages with package files; uv knows no upload dates there, so no date excludes them.
    find_links: tuple[str, ...] = ()
    offline: bool = False
    #: ``"cpu"``, ``"cu128"``, …: the build of torch (uv's ``--torch-backend``).
    torch_backend: str | None = None
    #: Packages of which pre-releases count too; ``"all"``: every package.
    prereleases: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return the options as uv spells them."""
        words = ["--default-index", self.default_index] if self.default_index else []
        for index in self.extra_index:
            words += ["--index", index]
        for place in self.find_links:
            words += ["--find-links", place]
        if self.offline:
            words.append("--offline")
        if self.torch_backend:
            words += ["--torch-backend", self.torch_backend]
        if ALL in self.prereleases:
            words += ["--prerelease", "allow"]
        else:
            for name in self.prereleases:
                words += ["--prerelease-package", f"{name}=allow"]
        return words


def call_uv(
    arguments: Sequence[str | Path], *, doing: str, seconds: float, cwd: Path, stop: threading.Event | None = None
) -> str:
    """Run uv to its end and return its stdout.

    Parameters
    ----------
    doing
        The operation, for the error: ``"resolving the stack of 2026-02-10"``.
    seconds
        Time limit; uv and all that it started are killed beyond it.
    stop
        Once set, uv is killed.

    Raises
    ------
    UnresolvableError
        uv says that there is no solution.
    UnbuildableError
        uv could do its work, and failed at the packages.
    UvError
        Any other failure, with uv's reason; ``uv`` is missing; the time limit.
    KeyboardInterrupt
        ``stop`` was set.
    """
    try:
        end = run_isolated(
            [find_uv(), *arguments, "--no-progress", "--color", "never"],
            cwd=cwd,
            variables={**os.environ, "UV_NO_PROGRESS": "1"},
            limits=Limits(seconds, _MEMORY),
            stop=stop,
        )
    except OSError as error:
        raise UvError(f"uv failed while {doing}", why=str(error), resolution="pip install uv") from error
    if end.interrupted:
        raise KeyboardInterrupt
    if end.over_time:
        raise UvError(
            f"uv failed while {doing}",
            why=f"it had not ended after {seconds:.0f} s",
            resolution="look at the network and the index, then run again: what was downloaded is kept",
        )
    if end.returncode:
        reason = _reason(end.stderr) or f"exit status {end.returncode}"
        unsolvable = "No solution found" in end.stderr
        kind = UnresolvableError if unsolvable else UnbuildableError if end.returncode == _FAILED else UvError
        raise kind(
            f"uv failed while {doing}",
            why=reason,
            resolution="relax the requirements or take another date" if unsolvable else "see uv's reason",
        )
    return end.stdout


def find_uv() -> str:
    """Return the uv program that came with the package of that name.

    Raises
    ------
    UvError
        There is none.
    """
    try:
        from uv import find_uv_bin

        return os.fsdecode(find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise UvError("uv cannot be called", why=str(error), resolution="pip install uv") from error


def _reason(stderr: str) -> str:
    """Return what uv says, on one line, without its drawing of a tree."""
    words = (line.strip(" \u00d7├─▶╰│·") for line in stderr.splitlines())
    return " ".join(" ".join(word for word in words if word).split())[:2000]
