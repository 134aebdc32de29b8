"""The contest: interleaved, agreed upon before it is timed, decided or said to be undecided."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.errors import SharpbitsError
from sharpbits.gate.agreement import DisagreementError, assert_agreement
from sharpbits.gate.contest import GateVerdict, hold_contest
from sharpbits.gate.instruments import fixed_threads, peak_memory, wait_for_devices


class Clock:
    """A clock that stands still but for what the contestants spend: timings are exact, on any machine."""

    def __init__(self) -> None:
        self.now = 0.0
        self.worked = 0.0

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter

    def process_time(self) -> float:
        return self.worked

    def spends(self, *seconds: float) -> Callable[[], float]:
        """Return a contestant that takes these times in turn; the last one from then on."""
        left = list(seconds)

        def run() -> float:
            self.now += left.pop(0) if len(left) > 1 else left[0]
            return 1.0

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the contest's clock."""
    replaced = Clock()
    monkeypatch.setattr("sharpbits.gate.contest.time", replaced)
    return replaced


def test_processor_time_counts_work_and_no_waiting(clock: Clock) -> None:
    def works(seconds: float, waiting: float) -> Callable[[], None]:
        def run() -> None:
            clock.worked += seconds
            clock.now += seconds + waiting

        return run

    result = hold_contest(works(1.0, 9.0), works(4.0, 0.0), at_least=4.0, agree=None, processor_time=True)
    assert result.speedup.median == 4.0
    assert result.ours.times == [1.0] * 20
    assert result.as_dict()["processor_time"] is True


@pytest.mark.parametrize(
    ("claim", "verdict"), [(2.0, GateVerdict.PASSES), (4.0, GateVerdict.PASSES), (4.1, GateVerdict.FAILS)]
)
def test_a_contestant_four_times_as_slow_is_measured_as_such(clock: Clock, claim: float, verdict: GateVerdict) -> None:
    result = hold_contest(clock.spends(0.25), clock.spends(1.0), at_least=claim, agree=None)
    assert result.verdict is verdict
    assert result.speedup.median == result.speedup.low == result.speedup.high == 4.0


def test_a_claim_at_the_edge_gets_twice_the_rounds_until_it_is_undecided(clock: Clock) -> None:
    swinging = [1.0, 2.0] * 1000
    result = hold_contest(clock.spends(*swinging), clock.spends(1.5), at_least=1.0, agree=None, max_seconds=1e9)
    assert result.verdict is GateVerdict.UNDECIDED
    assert len(result.ours.times) == 320
    assert "undecided" in str(result)


def test_no_round_is_begun_after_the_time_is_up(clock: Clock) -> None:
    swinging = [1.0, 2.0] * 1000
    result = hold_contest(clock.spends(*swinging), clock.spends(1.5), at_least=1.0, agree=None, max_seconds=10.0)
    assert result.verdict is GateVerdict.UNDECIDED
    assert len(result.ours.times) == 20


def test_the_contestants_take_turns_after_three_warm_up_calls_each(clock: Clock) -> None:
    calls: list[str] = []

    def contestant(name: str) -> Callable[[], None]:
        def run() -> None:
            calls.append(name)
            clock.now += 1.0

        return run

    result = hold_contest(contestant("a"), contestant("b"), at_least=0.01, agree=None)
    rounds = len(result.ours.times)
    assert calls[:6] == ["a"] * 3 + ["b"] * 3
    assert calls[6 : 6 + 2 * rounds] == ["a", "b"] * rounds
    assert result.ours.calls_per_timing == 1


def test_calls_too_short_for_the_clock_are_timed_in_groups_and_counted_one_by_one(clock: Clock) -> None:
    result = hold_contest(clock.spends(2**-20), clock.spends(2**-9), at_least=2.0, agree=None)
    assert (result.ours.calls_per_timing, result.theirs.calls_per_timing) == (1049, 1)
    assert result.speedup.median == 2**11


def test_the_first_call_counts_as_compilation_and_not_as_time(clock: Clock) -> None:
    result = hold_contest(clock.spends(9.0, 1.0), clock.spends(1.0), at_least=0.1, agree=None)
    assert (result.ours.compile_s, result.theirs.compile_s) == (8.0, 0.0)
    assert set(result.ours.times) == {1.0}


def test_results_that_differ_are_refused_before_anything_is_timed(clock: Clock) -> None:
    calls = []

    def ours() -> float:
        calls.append(1)
        return 1.0

    def agree(own: Any, other: Any) -> None:
        assert_agreement(own, other, rtol=1e-9, atol=0.0)

    with pytest.raises(DisagreementError, match="do not compute the same"):
        hold_contest(ours, lambda: 1.1, at_least=1.0, agree=agree)
    assert len(calls) == 3, "the warm-up only"


def test_no_garbage_is_collected_inside_a_timing_and_collection_goes_on_afterwards(clock: Clock) -> None:
    seen = []

    def watching() -> None:
        seen.append(gc.isenabled())
        clock.now += 1.0

    hold_contest(watching, clock.spends(1.0), at_least=0.01, agree=None)
    assert not any(seen)
    assert gc.isenabled()


@pytest.mark.parametrize("claim", [0.0, -1.0, float("nan"), float("inf")])
def test_a_claim_that_is_no_positive_number_is_refused(claim: float) -> None:
    with pytest.raises(SharpbitsError, match="cannot be held"):
        hold_contest(lambda: None, lambda: None, at_least=claim, agree=None)


def test_threads_are_fixed_for_both_and_given_back() -> None:
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    before = [pool["num_threads"] for pool in threadpool_info()]
    with fixed_threads(1) as count:
        assert count == 1
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_peak_memory_is_what_a_call_needs_at_its_peak_not_what_it_keeps() -> None:
    def run() -> int:
        block = np.ones(32 << 20, dtype=np.uint8)
        return int(block[-1])

    # The block itself, and what the interpreter may allocate beside it.
    assert 32 << 20 <= peak_memory(run)["host"] <= 33 << 20


def test_results_on_their_way_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a JAX device nor a GPU is at hand: stand-ins with their documented interface record the calls."""
    waited = []
    jax = SimpleNamespace(block_until_ready=lambda result: waited.append(("jax", result)))
    cuda = SimpleNamespace(
        is_available=lambda: True, is_initialized=lambda: True, synchronize=lambda: waited.append(("cuda", None))
    )
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    wait_for_devices("result")
    assert waited == [("jax", "result"), ("cuda", None)]


TREES = st.recursive(
    st.floats(-1e6, 1e6) | st.lists(st.floats(-1e6, 1e6), max_size=4).map(np.array),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


@given(TREES)
def test_a_result_agrees_with_itself_whatever_its_structure(tree: Any) -> None:
    assert_agreement(tree, tree, rtol=0.0, atol=0.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "place"),
    [
        (1.0, 1.001, "result: they differ"),
        ([1.0, (2.0, 3.0)], [1.0, (2.0, 3.5)], "result[1][1]: they differ"),
        ({"a": 1.0}, {"b": 1.0}, "result: keys"),
        ((1.0,), (1.0, 2.0), "result: 1 against 2 parts"),
        (np.ones(3), np.ones((3, 1)), "result: shape (3,) against (3, 1)"),
        (float("nan"), float("nan"), "result: a value is not finite"),
        (1 + 1j, 1 - 1j, "result: they differ"),
    ],
)
def test_a_disagreement_names_its_place(ours: Any, theirs: Any, place: str) -> None:
    with pytest.raises(DisagreementError) as error:
        assert_agreement(ours, theirs, rtol=1e-6, atol=0.0)
    assert place in error.value.why


@given(st.floats(1e-3, 1e3), st.floats(0, 0.1), st.floats(1e-6, 0.05), st.floats(0, 0.05))
def test_the_tolerance_is_the_usual_one(value: float, offset: float, rtol: float, atol: float) -> None:
    # Oracle: NumPy's allclose.
    other = value + offset
    try:
        assert_agreement(value, other, rtol=rtol, atol=atol)
        agreed = True
    except DisagreementError:
        agreed = False
    assert agreed == bool(np.allclose(value, other, rtol=rtol, atol=atol))
