"""What can be seen when a finding runs, how bad each is, and the verdicts that follow."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """What one run of a finding showed."""

    OK = "ok"
    WRONG_VALUE = "wrong-value"
    WRONG_GRADIENT = "wrong-gradient"
    WRONG_DTYPE = "wrong-dtype"
    ERROR = "error"
    COMPILE_ERROR = "compile-error"
    CRASH = "crash"
    HANG = "hang"
    SLOW = "slow"
    SILENT_FALLBACK = "silent-fallback"
    NONDETERMINISTIC = "nondeterministic"
    NOT_APPLICABLE = "not-applicable"

    @property
    def severity(self) -> Severity:
        """How badly this outcome bites."""
        return _SEVERITY[self]

    @property
    def rank(self) -> int:
        """The place in the order from worst to harmless."""
        return list(_SEVERITY).index(self)


class Severity(IntEnum):
    """How bad an outcome is, worst first. What lies silently ranks before what fails loudly."""

    SILENTLY_WRONG = 0
    NONDETERMINISTIC = 1
    CRASH = 2
    HANG = 3
    ERROR = 4
    SLOW = 5
    NONE = 6

    @property
    def label(self) -> str:
        """The words a reader sees."""
        return {Severity.SILENTLY_WRONG: "silently wrong", Severity.NONE: "harmless"}.get(self, self.name.lower())


# Worst first, also within one severity: a wrong gradient steers everything that follows it.
_SEVERITY = {
    Outcome.WRONG_GRADIENT: Severity.SILENTLY_WRONG,
    Outcome.WRONG_VALUE: Severity.SILENTLY_WRONG,
    Outcome.WRONG_DTYPE: Severity.SILENTLY_WRONG,
    Outcome.SILENT_FALLBACK: Severity.SILENTLY_WRONG,
    Outcome.NONDETERMINISTIC: Severity.NONDETERMINISTIC,
    Outcome.CRASH: Severity.CRASH,
    Outcome.HANG: Severity.HANG,
    Outcome.COMPILE_ERROR: Severity.ERROR,
    Outcome.ERROR: Severity.ERROR,
    Outcome.SLOW: Severity.SLOW,
    Outcome.OK: Severity.NONE,
    Outcome.NOT_APPLICABLE: Severity.NONE,
}

#: Outcomes that carry a text (exception, diagnostic, signal) for an expectation row's ``match`` to search.
FAILURES = frozenset({Outcome.ERROR, Outcome.COMPILE_ERROR, Outcome.CRASH})


class Verdict(StrEnum):
    """An observation held against what is documented for the installed versions."""

    BITES = "bites"
    CLEAR = "clear"
    CHANGED = "changed"
    NOT_APPLICABLE = "not applicable"
    #: The finding file itself malfunctions, so nothing can be said of the stack.
    BROKEN = "broken"

    @property
    def fails(self) -> bool:
        """Whether this verdict makes the run fail."""
        return self in (Verdict.CHANGED, Verdict.BROKEN)
