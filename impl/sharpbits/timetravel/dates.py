"""Dates as users write them, and the moment up to which releases count.

A moment is exclusive: what was uploaded before it exists, as for uv's ``--exclude-newer``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sharpbits.errors import UsageError

#: There were no packages before, and a day has to be added to the last.
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


def cutoff(text: str) -> datetime:
    """Return the end of a day, or the very moment that is named.

    >>> cutoff("2026-02-10")
    datetime.datetime(2026, 2, 11, 0, 0, tzinfo=datetime.timezone.utc)
    >>> cutoff("2026-02-10T12:00Z")
    datetime.datetime(2026, 2, 10, 12, 0, tzinfo=datetime.timezone.utc)

    Raises
    ------
    UsageError
        It is neither a date nor a date with a time (ISO 8601), or not of our time.
    """
    try:
        moment = _cutoff(text)
    except ValueError as error:
        raise UsageError(
            "a date cannot be read", why=str(error), resolution="write it as 2026-02-10 or 2026-02-10T12:00Z"
        ) from error
    except OverflowError:
        moment = None
    if moment is None or not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise UsageError(
            "a date cannot be searched",
            why=f"{text} is not between {_FIRST_YEAR} and {_LAST_YEAR}",
            resolution="give a date at which there were packages, such as 2026-02-10",
        )
    return moment


def _cutoff(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:  # not a date alone
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def last_second(moment: datetime) -> datetime:
    """Return the last second that counts where everything before a moment does: this one a reader is told.

    >>> print(last_second(cutoff("2026-02-10")))
    2026-02-10 23:59:59+00:00
    """
    return moment - timedelta(seconds=1)


def day_of(moment: datetime) -> str:
    """Return the last day that counts where everything before a moment does.

    >>> day_of(cutoff("2026-02-10"))
    '2026-02-10'
    """
    return f"{last_second(moment):%Y-%m-%d}"


def just_after(uploaded: datetime) -> datetime:
    """Return the first whole second at which a release exists: indexes give upload times to the second or finer."""
    return uploaded.replace(microsecond=0) + timedelta(seconds=1)


def just_before(uploaded: datetime) -> datetime:
    """Return a moment at which a release did not exist yet."""
    return uploaded.replace(microsecond=0)
