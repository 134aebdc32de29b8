"""Dates as users write them, and the moment up to which releases count.

A moment is exclusive: what was uploaded before it exists, as for uv's ``--exclude-newer``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sharpbits.errors import UsageError


def cutoff(text: str) -> datetime:
    """Return the end of a day, or the very moment that is named.

    >>> cutoff("2026-02-10")
    datetime.datetime(2026, 2, 11, 0, 0, tzinfo=datetime.timezone.utc)
    >>> cutoff("2026-02-10T12:00Z")
    datetime.datetime(2026, 2, 10, 12, 0, tzinfo=datetime.timezone.utc)

    Raises
    ------
    UsageError
        It is neither a date nor a date with a time (ISO 8601).
    """
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    except ValueError:
        pass  # not a date alone
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "a date cannot be read", why=str(error), resolution="write it as 2026-02-10 or 2026-02-10T12:00Z"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def just_after(uploaded: datetime) -> datetime:
    """Return the first whole second at which a release exists: indexes give upload times to the second or finer."""
    return uploaded.replace(microsecond=0) + timedelta(seconds=1)


def just_before(uploaded: datetime) -> datetime:
    """Return a moment at which a release did not exist yet."""
    return uploaded.replace(microsecond=0)
