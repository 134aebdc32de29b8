"""Write a stack as a file that pip and uv read too, and read it back.

A lock is a requirements file of exact versions; each line ends in the date on which that release was uploaded, and
comments at the top say for which Python and platform it holds. Any other file of exact pins can be read as well.
"""

from __future__ import annotations

import re
import reprlib
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sharpbits.errors import UsageError
from sharpbits.files import write_atomically
from sharpbits.timetravel.stack import Pin, Stack

#: So much of what is wrong with a line is repeated.
_SAID = 200
_FACT = re.compile(r"^# (?P<key>python|platform|origin): (?P<value>.*)$")


def lock_text(stack: Stack) -> str:
    """Return the lock of a stack."""
    head = [f"# python: {stack.python}", f"# platform: {stack.platform}"]
    if stack.origin:
        head.append(f"# origin: {' '.join(stack.origin.split())}")
    width = max((len(str(pin)) for pin in stack.pins), default=0)
    lines = [f"{pin!s:<{width}}  # {timestamp(pin.uploaded)}" if pin.uploaded else str(pin) for pin in stack.pins]
    return "\n".join([*head, *lines]) + "\n"


def write_lock(stack: Stack, path: Path) -> None:
    """Write the lock of a stack, whole or not at all.

    Raises
    ------
    SharpbitsError
        The folder does not exist or cannot be written to.
    """
    write_atomically(path, lock_text(stack))


def read_lock(path: Path, *, python: str, platform: str) -> Stack:
    """Read a lock, or any file of exact pins.

    Parameters
    ----------
    python, platform
        What holds where the file does not say.

    Raises
    ------
    UsageError
        The file cannot be read; a line is no exact pin (``name==version``); a package stands in it twice; nothing does.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("a lock cannot be read", why=str(error), resolution="name a readable lock file") from error
    return parse_lock(text, str(path), python=python, platform=platform)


def parse_lock(text: str, name: str, *, python: str, platform: str) -> Stack:
    """Read the text of a lock; see :func:`read_lock`."""
    facts = {"python": python, "platform": platform, "origin": name}
    pins: dict[str, Pin] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fact = _FACT.match(line)
        if fact:
            facts[fact["key"]] = fact["value"]
        requirement, _, comment = line.partition("#")
        if not requirement.strip():
            continue
        pin = _pin(requirement.strip(), comment.strip(), f"{name}:{number}")
        if pin is None:
            continue
        if canonicalize_name(pin.name) in pins:
            raise _refused(f"{name}:{number}", f"{pin.name} stands in the file twice")
        pins[canonicalize_name(pin.name)] = pin
    if not pins:
        raise _refused(name, "it pins nothing")
    return Stack(facts["python"], facts["platform"], tuple(pins.values()), facts["origin"])


def timestamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, to the second.

    >>> timestamp(datetime(2026, 2, 10, 22, 24, 3, tzinfo=UTC))
    '2026-02-10T22:24:03Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pin(requirement: str, comment: str, place: str) -> Pin | None:
    try:
        parsed = Requirement(requirement)
    except InvalidRequirement as error:
        raise _refused(place, f"{reprlib.repr(requirement)} is not a requirement ({_first(error)})") from error
    if parsed.marker is not None and not parsed.marker.evaluate():
        return None
    exact = [each.version for each in parsed.specifier if each.operator == "==" and "*" not in each.version]
    if len(exact) != 1 or len(parsed.specifier) != 1:
        raise _refused(place, f"{reprlib.repr(requirement)} is no exact pin")
    try:
        uploaded = datetime.fromisoformat(comment) if comment else None
    except ValueError:
        uploaded = None  # a comment of somebody else's
    return Pin(canonicalize_name(parsed.name), exact[0], uploaded if uploaded and uploaded.tzinfo else None)


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:_SAID]


def _refused(place: str, why: str) -> UsageError:
    return UsageError(f"{place}: not a lock", why=why, resolution="one 'name==version' a line; see `sharpbits stack`")
