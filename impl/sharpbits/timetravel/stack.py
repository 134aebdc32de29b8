"""A stack: a resolved set of packages for one Python on one platform, with the date each was uploaded.

>>> stack = Stack("3.11.7", "linux-x86_64", (Pin("numpy", "2.4.0"), Pin("jax", "0.7.1")))
>>> stack.version("jax")
'0.7.1'
>>> print(*changes(stack, stack.moved({"jax": Pin("jax", "0.7.2"), "numpy": None})), sep="; ")
jax 0.7.1 → 0.7.2; numpy 2.4.0 → absent
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from packaging.utils import canonicalize_name


@dataclass(frozen=True, order=True)
class Pin:
    """One package at one version."""

    name: str
    version: str
    #: When its file appeared on the index (UTC); None where the index does not say (a local file).
    uploaded: datetime | None = None
    #: Bytes of the file to download; None where the index does not say.
    size: int | None = None

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Stack:
    """Exactly these packages, on this Python and platform."""

    python: str
    platform: str
    pins: tuple[Pin, ...]
    #: What was asked for, for the reader: requirements and the date.
    origin: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pins", tuple(sorted(self.pins, key=lambda pin: pin.name)))

    @cached_property
    def by_name(self) -> dict[str, Pin]:
        """The pins by canonical package name."""
        return {canonicalize_name(pin.name): pin for pin in self.pins}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what is installed: two stacks of the same digest behave the same."""
        facts = [self.python, self.platform, *map(str, self.pins)]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    @property
    def newest_upload(self) -> datetime | None:
        """When the youngest of its packages appeared."""
        return max((pin.uploaded for pin in self.pins if pin.uploaded), default=None)

    def version(self, name: str) -> str | None:
        """Return a package's version; None where it is not part of the stack."""
        pin = self.by_name.get(canonicalize_name(name))
        return pin.version if pin else None

    def moved(self, moves: Mapping[str, Pin | None], origin: str = "") -> Stack:
        """Return this stack with some packages at other versions, added, or (None) taken out."""
        pins: dict[str, Pin | None] = {**self.by_name}
        pins |= {canonicalize_name(name): pin for name, pin in moves.items()}
        return Stack(self.python, self.platform, tuple(pin for pin in pins.values() if pin is not None), origin)


@dataclass(frozen=True)
class Change:
    """What became of one package between two stacks; None: not part of that stack."""

    name: str
    before: Pin | None
    after: Pin | None

    def __str__(self) -> str:
        def version(pin: Pin | None) -> str:
            return pin.version if pin else "absent"

        return f"{self.name} {version(self.before)} → {version(self.after)}"


def changes(before: Stack, after: Stack) -> tuple[Change, ...]:
    """Return every package that differs between two stacks, by name."""
    names = sorted(before.by_name.keys() | after.by_name.keys())
    pairs = ((name, before.by_name.get(name), after.by_name.get(name)) for name in names)
    return tuple(Change(name, old, new) for name, old, new in pairs if (old and old.version) != (new and new.version))
