"""Conditions on the machine: some bites are the processor's, and a row may say whose.

A condition is one word: ``avx512f`` or ``not avx512f`` (a feature of the processor, as the kernel names it),
``cores<2``, ``system=Linux``, ``machine=x86_64``, ``gpu=H100`` (a part of the name of any visible GPU).
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Protocol

_FEATURE = re.compile(r"(?P<not>not )?(?P<feature>[a-z0-9_]+)")
_CORES = re.compile(r"cores(?P<relation><=|>=|<|>)(?P<count>[1-9]\d*)")
_FACT = re.compile(r"(?P<fact>system|machine|gpu)=(?P<value>\S.*)")
_RELATIONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


class Named(Protocol):
    """Something with a name: a GPU."""

    @property
    def name(self) -> str:
        """What the vendor calls it."""


class Machine(Protocol):
    """The facts of a fingerprint that a condition may name."""

    @property
    def features(self) -> tuple[str, ...]:
        """The processor's features."""

    @property
    def cores(self) -> int:
        """How many cores a program may use."""

    @property
    def system(self) -> str:
        """The operating system, e.g. ``Linux``."""

    @property
    def machine(self) -> str:
        """The instruction set, e.g. ``x86_64``."""

    @property
    def gpus(self) -> tuple[Named, ...]:
        """The visible GPUs."""


@dataclass(frozen=True)
class Condition:
    """One condition on the machine, as it was written.

    Raises
    ------
    ValueError
        The text is none of the forms above.
    """

    text: str

    def __post_init__(self) -> None:
        if not any(form.fullmatch(self.text) for form in (_CORES, _FACT, _FEATURE)):
            raise ValueError(
                f"{self.text!r} is not a condition on a machine: a processor feature ('avx512f', 'not avx512f'), "
                "'cores<2', 'system=Linux', 'machine=x86_64' or 'gpu=H100'"
            )

    def holds(self, machine: Machine) -> bool:
        """Tell whether it holds of a machine."""
        if cores := _CORES.fullmatch(self.text):
            return bool(_RELATIONS[cores["relation"]](machine.cores, int(cores["count"])))
        if fact := _FACT.fullmatch(self.text):
            if fact["fact"] == "gpu":
                return any(fact["value"].lower() in gpu.name.lower() for gpu in machine.gpus)
            return str(getattr(machine, fact["fact"])) == fact["value"]
        words = self.text.split()
        return (words[-1] in machine.features) is (len(words) == 1)

    def __str__(self) -> str:
        return self.text
