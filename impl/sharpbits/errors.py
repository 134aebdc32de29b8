"""The one shape of an error: what failed, why, in which context, and what to do about it."""

from __future__ import annotations


def escaped(text: str) -> str:
    r"""Escape what cannot be printed, newlines among it.

    >>> print(escaped("two\nlines, \x1b[31mred"))
    two\nlines, \x1b[31mred
    """
    return "".join(one if one.isprintable() else _escape(one) for one in text)


def _escape(character: str) -> str:
    # A byte of a text that is not UTF-8 comes as a lone surrogate: say which byte it is.
    byte = ord(character) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else ascii(character)[1:-1]


class SharpbitsError(Exception):
    """Something that was asked for could not be done.

    Parameters
    ----------
    what
        The operation that failed, e.g. ``"finding metadata could not be read"``.
    why
        The root cause in one sentence.
    resolution
        What the user can do about it.
    context
        Sizes, paths, versions, names: whatever is needed to see which case this is.

    >>> print(SharpbitsError("no such finding", why="'lax' matches 3 findings", resolution="give one id", matches=3))
    no such finding
      why: 'lax' matches 3 findings
      context: matches=3
      resolution: give one id
    """

    def __init__(self, what: str, *, why: str, resolution: str, **context: object) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.resolution = resolution
        self.context = context

    def __str__(self) -> str:
        lines = [self.what, f"  why: {self.why}"]
        if self.context:
            lines.append("  context: " + ", ".join(f"{name}={value}" for name, value in self.context.items()))
        lines.append(f"  resolution: {self.resolution}")
        return "\n".join(lines)


class UsageError(SharpbitsError):
    """The request itself cannot be met: an unknown name, a path that does not exist, a malformed expression."""


class DamagedFileError(SharpbitsError):
    """A file that sharpbits wrote is cut short, was changed, or is of another kind."""
