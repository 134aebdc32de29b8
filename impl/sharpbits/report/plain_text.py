"""Make foreign text (exceptions, compiler output) safe to show."""

from __future__ import annotations

import re

# What XML 1.0 forbids or a terminal obeys: control characters but tab and newline, surrogates, non-characters.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def printable(text: str) -> str:
    r"""Drop colour sequences and replace other control characters.

    >>> printable("\x1b[31merror\x1b[0m \x07")
    'error \ufffd'
    """
    return _UNSAFE.sub("\ufffd", _ESCAPE_SEQUENCE.sub("", text))
