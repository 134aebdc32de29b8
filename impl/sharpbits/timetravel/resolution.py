"""Resolve requirements to a stack, as of a moment: what pip would have installed then.

Old releases work with the dependencies of their day only, and those did not know yet which later releases would break
them: they have no upper bounds. So the date is part of every resolution. Cost: 0.2 s when uv's cache is warm, 1 to 2 s
when the index has to be asked; resolutions of the past are kept on disk.
"""

from __future__ import annotations

import hashlib
import json
import sysconfig
import tempfile
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sharpbits.catalogue import describe_environment
from sharpbits.checks import DOCUMENT, Part, count, moment, or_none, package, parse, release
from sharpbits.errors import UsageError
from sharpbits.shelf import Shelf, user_cache
from sharpbits.timetravel.dates import last_second
from sharpbits.timetravel.lock import timestamp
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.uv import IndexOptions, call_uv

RESOLVE_S = 300.0
#: Releases of the last hours may still be added to, or yanked.
_SETTLED = timedelta(days=2)
_FORMAT = 1


@dataclass(frozen=True)
class Target:
    """The Python that stacks are resolved and built for."""

    interpreter: Path
    python: str
    platform: str

    @classmethod
    def of(cls, interpreter: Path) -> Target:
        """Describe an interpreter on this machine.

        Raises
        ------
        UsageError
            It is no runnable Python interpreter.
        """
        python = describe_environment(interpreter).python
        return cls(interpreter.absolute(), python, sysconfig.get_platform())


@dataclass
class Resolver:
    """Resolves for one Python, from one set of indexes."""

    target: Target
    options: IndexOptions = field(default_factory=IndexOptions)
    shelf: Shelf = field(
        default_factory=lambda: Shelf(user_cache("resolutions"), "resolutions", "uv is asked anew each time")
    )
    stop: threading.Event = field(default_factory=threading.Event)
    #: Canonical names of the packages whose own dependencies no stack gets: what their metadata says of them is wrong.
    alone: frozenset[str] = frozenset()

    def resolve(
        self, requirements: Sequence[str], at: datetime, *, dependencies: bool = True, prefer: Stack | None = None
    ) -> Stack:
        """Return what these requirements resolve to with the releases that existed before a moment.

        Parameters
        ----------
        requirements
            PEP 508 requirements. Pre-releases are taken on request only, or where a requirement pins one.
        dependencies
            False: the named packages alone.
        prefer
            Whose versions to stay with where the requirements allow it; default: the newest.

        Raises
        ------
        UnresolvableError
            There is no such set.
        UvError
            The index could not be asked.
        UsageError
            A package that is to come by itself is required by another, and would bring its dependencies.
        KeyboardInterrupt
            ``stop`` was set.
        """
        if self.stop.is_set():
            raise KeyboardInterrupt  # in a thread: what is stored would be read on and on
        origin = f"{' '.join(sorted(requirements))} as of {timestamp(last_second(at))}"
        alone = [text for text in requirements if canonicalize_name(Requirement(text).name) in self.alone]
        if not dependencies or not self.alone:
            pins = self._pins(requirements, at, dependencies=dependencies, prefer=prefer)
        else:
            others = [text for text in requirements if text not in alone]
            pins = self._pins(others, at, dependencies=True, prefer=prefer) if others else ()
            self._refuse_brought(pins)
            if alone:
                pins += self._pins(alone, at, dependencies=False, prefer=prefer)
                origin += f", {' '.join(sorted(alone))} without dependencies"
        return Stack(self.target.python, self.target.platform, pins, origin)

    def _pins(
        self, requirements: Sequence[str], at: datetime, *, dependencies: bool, prefer: Stack | None
    ) -> tuple[Pin, ...]:
        request = {
            "format": _FORMAT,
            "requirements": sorted(requirements),
            "at": timestamp(at),
            "dependencies": dependencies,
            "prefer": sorted(map(str, prefer.pins)) if prefer else None,
            "python": self.target.python,
            "platform": self.target.platform,
            "options": asdict(self.options) | {"offline": None},
        }
        name = f"{hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()}.json"
        pins = self.shelf.read(name, lambda text: _stored(text, request))
        if pins is None:
            pins = self._ask(requirements, at, dependencies=dependencies, prefer=prefer)
            # A folder of files may change at any time, and so may the last days of an index.
            if at < datetime.now(UTC) - _SETTLED and not self.options.find_links:
                self.shelf.write(name, json.dumps({"request": request, "pins": [_plain(pin) for pin in pins]}))
        return pins

    def _refuse_brought(self, pins: Sequence[Pin]) -> None:
        brought = sorted(self.alone.intersection(pin.name for pin in pins))
        if brought:
            raise UsageError(
                "there is no such stack",
                why=f"{', '.join(brought)} must be installed without dependencies, and another package requires it",
                resolution="leave out the package that requires it",
            )

    def _ask(
        self, requirements: Sequence[str], at: datetime, *, dependencies: bool, prefer: Stack | None
    ) -> tuple[Pin, ...]:
        with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
            wanted = Path(folder, "wanted.in")
            wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
            arguments: list[str | Path] = [
                "pip",
                "compile",
                wanted,
                "--format",
                "pylock.toml",
                "--no-header",
                "--quiet",
            ]
            arguments += ["--python", self.target.interpreter, "--exclude-newer", timestamp(at)]
            arguments += [] if dependencies else ["--no-deps"]
            if prefer is not None:
                # uv keeps to what an output file says already.
                output = Path(folder, "pylock.toml")
                output.write_text(_as_pylock(prefer), encoding="utf-8")
                arguments += ["--output-file", output]
            said = call_uv(
                [*arguments, *self.options.arguments()],
                doing=f"resolving {', '.join(requirements)} as of {timestamp(at)}",
                seconds=RESOLVE_S,
                cwd=Path(folder),
                stop=self.stop,
            )
            if prefer is not None:
                said = output.read_text(encoding="utf-8")
        return tuple(_pin(package) for package in tomllib.loads(said).get("packages", ()))


def _pin(package: dict[str, Any]) -> Pin:
    """Read one package of a PEP 751 lock."""
    wheels = package.get("wheels", [])
    files = wheels or [package[kind] for kind in ("sdist", "archive") if kind in package]
    uploads = [file["upload-time"] for file in files if "upload-time" in file]
    sizes = [file["size"] for file in files if "size" in file]
    uploaded = min(uploads) if uploads else None
    if uploaded is not None and uploaded.tzinfo is None:
        uploaded = uploaded.replace(tzinfo=UTC)
    return Pin(canonicalize_name(package["name"]), package["version"], uploaded, min(sizes, default=None))


def _as_pylock(stack: Stack) -> str:
    """Write a stack as the least of a PEP 751 lock that uv takes versions from."""
    head = 'lock-version = "1.0"\ncreated-by = "sharpbits"\n'
    return head + "".join(f'[[packages]]\nname = "{pin.name}"\nversion = "{pin.version}"\n' for pin in stack.pins)


def _plain(pin: Pin) -> dict[str, Any]:
    return asdict(pin) | {"uploaded": pin.uploaded.isoformat() if pin.uploaded else None}


def _stored(text: str, request: dict[str, Any]) -> tuple[Pin, ...]:
    """Read an entry; ValueError says why it is no resolution of this request."""
    part = Part(parse(text), DOCUMENT)
    if part.value.get("request") != json.loads(json.dumps(request)):
        raise ValueError("its request is another one")
    pins = part.parts("pins", _stored_pin)
    names = {pin.name for pin in pins}
    if not pins or len(names) < len(pins) or (len(pins) > 1 and not request["dependencies"]):
        raise ValueError(f"it pins {len(pins)} packages, {len(names)} of them different")
    # A search goes back from each upload: with one that is not earlier it never came to an end.
    late = [pin for pin in pins if pin.uploaded and pin.uploaded >= moment(request["at"])]
    if late:
        raise ValueError(f"{late[0]} was not uploaded before {request['at']}")
    return pins


def _stored_pin(part: Part) -> Pin:
    return Pin(
        part.get("name", package),
        part.get("version", release),
        part.get("uploaded", or_none(moment)),
        part.get("size", or_none(count)),
    )
