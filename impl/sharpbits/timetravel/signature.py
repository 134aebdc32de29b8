"""What a failure is recognised by: its outcome class and a pattern of its text.

Two stacks behave alike when their signatures are equal. So an import error, or another crash than the one looked for,
is not mistaken for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sharpbits.catalogue import Observation, Outcome
from sharpbits.catalogue.outcome import FAILURES
from sharpbits.catalogue.schema import ExpectationRow

#: What differs between two runs of the same failure: addresses, numbers, quoted names of temporary files.
_VARYING = re.compile(r"0x[0-9a-fA-F]+|/[\w./+-]+|\d+(\.\d+)?(e[+-]?\d+)?|%\w+")
_LENGTH = 160


@dataclass(frozen=True)
class Signature:
    """An outcome class and, for a failure, the pattern that its text has."""

    outcome: Outcome
    pattern: str = ""
    #: What a reader is told in its place.
    told: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.told:
            return self.told
        return f"{self.outcome} ({self.pattern})" if self.pattern else str(self.outcome)


def signature(observation: Observation, rows: Sequence[ExpectationRow] = ()) -> Signature:
    """Return what an observation is recognised by.

    Parameters
    ----------
    rows
        Expectation rows of the finding, whatever versions they speak of: where one documents this failure with a
        ``match``, that is the pattern. Else it is the signal or the exception's type with the first line of its text,
        without numbers, addresses and paths.
    """
    if observation.outcome not in FAILURES:
        return Signature(observation.outcome)
    for row in rows:
        if row.match is not None and observation.outcome in row.outcome and row.match.search(observation.text):
            return Signature(observation.outcome, row.match.pattern)
    if observation.signal is not None:
        return Signature(observation.outcome, observation.signal)
    lines = [line.strip() for line in observation.text.splitlines()[1:] if line.strip()]
    if observation.exception is not None and not lines:
        return Signature(observation.outcome, observation.exception)
    first = _VARYING.sub("…", lines[0] if lines else observation.detail)[:_LENGTH]
    if observation.exception is None:
        # A bare status, whichever; or what was seen from outside, such as a broken limit.
        told = observation.detail if observation.outcome is Outcome.ERROR else first
        return Signature(observation.outcome, f"exit status: {first}", told=f"{observation.outcome} ({told[:_LENGTH]})")
    return Signature(observation.outcome, f"{observation.exception}: {first}")


def status_signature(observation: Observation) -> Signature:
    """Return what a command of the user's own is recognised by: that its exit status is 0, or not."""
    if observation.outcome is Outcome.OK:
        return Signature(Outcome.OK)
    return Signature(Outcome.ERROR, "exit status", told=str(signature(observation)))


def untestable(observation: Observation, rows: Sequence[ExpectationRow] = ()) -> str | None:
    """Return why a run says nothing of what is looked for, or None.

    An exception while a package is imported is the environment's, unless a row documents just that.
    """
    if observation.outcome is Outcome.NOT_APPLICABLE:
        return observation.detail or "not applicable"
    if observation.importing and not any(
        row.match is not None and observation.outcome in row.outcome and row.match.search(observation.text)
        for row in rows
    ):
        return f"fails while importing: {observation.detail}"
    return None
