"""The culprit: the smallest set of packages that brings the change, by brute force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from sharpbits.timetravel.culprit import MOST_PROBES, find_culprit
from sharpbits.timetravel.search import Side

NAMES = [f"p{number}" for number in range(16)]


def singly(names: Sequence[str]) -> list[frozenset[str]]:
    """Packages that need no other."""
    return [frozenset([name]) for name in names]


def guilty_of(sets: list[frozenset[str]]) -> Callable[[frozenset[str]], Side]:
    """A stack is new when it contains the moves of any of these sets."""
    return lambda moved: Side.NEW if any(one <= moved for one in sets) else Side.OLD


@settings(max_examples=400)
@given(data=st.data(), count=st.integers(1, 6))
def test_of_up_to_six_packages_the_smallest_guilty_set_is_found(data: st.DataObject, count: int) -> None:
    names = NAMES[:count]
    sets = data.draw(st.lists(st.sets(st.sampled_from(names), min_size=1).map(frozenset), min_size=1, max_size=3))
    found = find_culprit(singly(names), guilty_of(sets), most=64)
    assert len(found.packages) == min(map(len, sets))
    assert any(one <= found.packages for one in sets)
    assert found.smallest
    # Necessary: without it, what is left contains no guilty set.
    assert found.necessary is not any(one <= frozenset(names) - found.packages for one in sets)


@settings(max_examples=300)
@given(data=st.data(), count=st.integers(7, 16))
def test_of_many_packages_a_single_guilty_one_is_found(data: st.DataObject, count: int) -> None:
    guilty = frozenset([data.draw(st.sampled_from(NAMES[:count]))])
    found = find_culprit(singly(NAMES[:count]), guilty_of([guilty]))
    assert found.packages == guilty
    assert found.necessary
    assert found.smallest


@settings(max_examples=300)
@given(data=st.data(), count=st.integers(7, 16))
def test_of_many_packages_a_guilty_pair_is_found(data: st.DataObject, count: int) -> None:
    guilty = frozenset(data.draw(st.lists(st.sampled_from(NAMES[:count]), min_size=2, max_size=2, unique=True)))
    found = find_culprit(singly(NAMES[:count]), guilty_of([guilty]), most=200)
    assert found.packages == guilty


@settings(max_examples=400)
@given(data=st.data(), count=st.integers(1, 16))
def test_whatever_the_mixtures_do_the_answer_is_a_set_that_was_seen_to_bring_the_change(
    data: st.DataObject, count: int
) -> None:
    """Mixtures behave as they like: some cannot be tested, and more packages may undo what fewer brought."""
    names = NAMES[:count]
    everything = frozenset(names)
    sides: dict[frozenset[str], Side] = {}

    def move(moved: frozenset[str]) -> Side:
        assert moved not in (everything, frozenset()), "the two ends are known"
        assert moved not in sides, "a mixture was tested twice"
        sides[moved] = data.draw(st.sampled_from(list(Side)))
        return sides[moved]

    found = find_culprit(singly(names), move)
    assert len(sides) <= MOST_PROBES
    assert found.packages == everything or sides[found.packages] is Side.NEW
    assert found.evidence == sides
    if found.smallest:
        smaller = [frozenset(one) for size in range(1, len(found.packages)) for one in combinations(names, size)]
        cleared = [one for one, side in sides.items() if side is Side.OLD]
        assert all(any(one <= other for other in cleared) for one in smaller), "a smaller set was not cleared"


@settings(max_examples=400)
@given(data=st.data(), count=st.integers(1, 12))
def test_a_package_that_works_only_with_others_is_moved_with_them(data: st.DataObject, count: int) -> None:
    """Only whole steps can be tested: the answer is the step of the guilty package, and few mixtures are tried."""
    names = NAMES[:count]
    needs = {name: frozenset(data.draw(st.sets(st.sampled_from(names), max_size=3))) | {name} for name in names}
    for _ in names:  # what is needed by what is needed
        needs = {name: frozenset[str]().union(*(needs[one] for one in needed)) for name, needed in needs.items()}
    guilty = data.draw(st.sampled_from(names))

    def move(moved: frozenset[str]) -> Side:
        if any(not needs[name] <= moved for name in moved):
            return Side.UNTESTABLE
        return Side.NEW if guilty in moved else Side.OLD

    found = find_culprit([needs[name] for name in names], move)
    assert found.packages == needs[guilty]
    assert found.smallest
    assert found.necessary is not False
