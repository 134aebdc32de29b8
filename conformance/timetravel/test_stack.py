"""Stacks, locks and dates as values: what is written can be read, what differs is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.errors import UsageError
from sharpbits.timetravel.dates import cutoff, just_after, just_before
from sharpbits.timetravel.lock import lock_text, parse_lock
from sharpbits.timetravel.stack import Pin, Stack, changes

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){1,2}(rc[1-9]|\.dev[0-9]{1,2}|\+cpu)?", fullmatch=True)
PINS = st.lists(st.builds(Pin, NAMES, VERSIONS, st.none() | MOMENTS), unique_by=lambda pin: pin.name, min_size=1)
STACKS = st.builds(Stack, st.just("3.11.7"), st.just("linux-x86_64"), PINS.map(tuple), st.just("made up"))


@given(stack=STACKS)
def test_a_lock_reads_back_as_the_stack_that_was_written(stack: Stack) -> None:
    again = parse_lock(lock_text(stack), "lock", python="", platform="")
    assert again == stack
    assert again.digest == stack.digest


@given(one=STACKS, other=STACKS)
def test_moving_what_changed_gives_the_other_stack(one: Stack, other: Stack) -> None:
    moved = one.moved({change.name: change.after for change in changes(one, other)})
    assert moved.digest == other.digest
    assert not changes(moved, other)


@given(one=STACKS, other=STACKS)
def test_stacks_have_the_same_digest_exactly_when_nothing_differs(one: Stack, other: Stack) -> None:
    assert (one.digest == other.digest) == (not changes(one, other))
    assert not changes(one, one)
    backwards = [(change.after, change.before) for change in changes(other, one)]
    assert [(change.before, change.after) for change in changes(one, other)] == backwards


@given(stack=STACKS, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_pins_does_not_matter(stack: Stack, seed: object) -> None:
    shuffled = list(stack.pins)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Stack(stack.python, stack.platform, tuple(shuffled)).digest == stack.digest


@given(moment=MOMENTS)
def test_a_release_exists_just_after_its_upload_and_not_just_before(moment: datetime) -> None:
    uploaded = moment + timedelta(microseconds=345678)
    assert just_before(uploaded) <= uploaded < just_after(uploaded)
    assert just_after(uploaded) - just_before(uploaded) == timedelta(seconds=1)


@given(day=st.dates(datetime(2000, 1, 1).date(), datetime(2100, 1, 1).date()))
def test_a_day_counts_to_its_end(day: object) -> None:
    end = cutoff(str(day))
    assert (end - timedelta(seconds=1)).date() == day
    assert end.date() != day


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "10.2.2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a date cannot be read"):
        cutoff(text)
