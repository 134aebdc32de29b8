"""Regular expressions that come with a finding and are searched in foreign text, with a time limit.

Python's own engine backtracks without end on some patterns (``(a|a)+$``) and cannot be stopped meanwhile, not even by
Ctrl-C. The package ``regex`` takes the same syntax, so that a row's ``match`` means what it does in :mod:`re`, and
stops at a deadline; an engine without backtracking would refuse look-aheads and references to groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import regex

from sharpbits.errors import SharpbitsError

#: A search in the longest text that is kept takes milliseconds with any pattern that does not backtrack in vain.
TIME_LIMIT_S = 2.0
_LENGTH_LIMIT = 2000


class SlowPatternError(SharpbitsError):
    """A pattern could not be searched for in reasonable time."""


@dataclass(frozen=True)
class TextPattern:
    r"""A regular expression; ``.`` stands for a newline, too.

    Raises
    ------
    ValueError
        It is none.

    >>> TextPattern("shape.*mismatch").search("a shape\n mismatch")
    True
    """

    pattern: str
    _compiled: regex.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.pattern) > _LENGTH_LIMIT:
            raise ValueError(f"a pattern of {len(self.pattern)} characters, {_LENGTH_LIMIT} are allowed")
        try:
            compiled = regex.compile(self.pattern, regex.DOTALL)
        except (regex.error, RecursionError, OverflowError, MemoryError) as error:
            raise ValueError(f"not a regular expression: {error}") from error
        object.__setattr__(self, "_compiled", compiled)

    def search(self, text: str) -> bool:
        """Tell whether it occurs in a text.

        Raises
        ------
        SlowPatternError
            That could not be told within the time limit.
        """
        try:
            # Concurrent: other findings run meanwhile.
            return self._compiled.search(text, timeout=TIME_LIMIT_S, concurrent=True) is not None
        except (TimeoutError, RecursionError, MemoryError) as error:
            raise SlowPatternError(
                "a pattern could not be searched for",
                why=f"match {_brief(self.pattern)} finds no end in {len(text)} characters of text: "
                f"gave up after {TIME_LIMIT_S:g} s",
                resolution="write it without a repetition inside a repetition, such as (a+)+",
            ) from error


def _brief(pattern: str) -> str:
    return f"/{pattern}/" if len(pattern) <= 200 else f"/{pattern[:200]}…/"
