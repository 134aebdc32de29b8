"""Strategies in this process: the same bytes from all, work done once, and how it travels through JAX's arrays."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasetype.patterns import patterns, ring
from phasetype.recording_process import digest_of_model
from sharpbits.phasetype import coalescent, two_island
from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.components import find_components
from sharpbits.phasetype.elimination import Elimination, eliminate
from sharpbits.phasetype.errors import IncompleteResultsError
from sharpbits.phasetype.hierarchy import record_hierarchically, record_patterns
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.strategies import get_strategy, work
from sharpbits.phasetype.strategies.packing import balanced, pack, unpack
from sharpbits.phasetype.trace import record
from sharpbits.phasetype.trace_moments import moments


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of every pattern that is recorded, in whatever thread."""
    sizes: list[int] = []

    def counted(pattern: Pattern) -> Elimination:
        sizes.append(pattern.size)
        return eliminate(pattern)

    monkeypatch.setattr(work, "eliminate", counted)
    return sizes


@pytest.mark.parametrize("name", ["vmap", "dask", "auto"])
def test_every_strategy_gives_the_trace_of_the_sequential_one_to_the_byte(name: str) -> None:
    assert digest_of_model(name) == digest_of_model("sequential")


@settings(max_examples=20)
@given(drawn=st.lists(patterns(), max_size=12))
def test_what_goes_through_jax_is_what_is_recorded_here(drawn: list[Pattern]) -> None:
    with get_strategy("vmap") as mapped:
        found = record_patterns(drawn, mapped)
    assert set(found) == set(drawn)
    assert all(found[one].to_bytes() == eliminate(one).to_bytes() for one in drawn)


def test_a_hierarchical_trace_has_the_numbers_of_the_flat_one() -> None:
    graph = two_island(6, 5)
    theta = np.random.default_rng(5).uniform(0.2, 3, (9, graph.parameters))
    flat, parts = record(graph), record_hierarchically(graph)
    assert len(parts.blocks) > len(flat.blocks)
    np.testing.assert_allclose(moments(parts, graph, theta, order=3), moments(flat, graph, theta, order=3), rtol=1e-13)


@pytest.mark.parametrize("name", ["sequential", "vmap"])
def test_equal_structures_are_recorded_once(name: str, recorded: list[int]) -> None:
    with get_strategy(name) as strategy:
        found = record_patterns([ring(5), ring(6), ring(5), ring(6), ring(5)], strategy)
    assert sorted(recorded) == [5, 6]
    assert len(found) == 2


def test_what_is_in_the_cache_is_not_recorded_again(tmp_path: Path, recorded: list[int]) -> None:
    cache = TraceCache(tmp_path)
    first, second = (set(find_components(two_island(*sizes)).patterns().values()) for sizes in ((3, 3), (4, 3)))
    trace = record_hierarchically(two_island(3, 3), cache=cache)
    assert len(recorded) == len(first)
    recorded.clear()
    assert record_hierarchically(two_island(3, 3), cache=cache, strategy="vmap") == trace
    assert recorded == []
    assert first & second
    record_hierarchically(two_island(4, 3), cache=cache)
    assert len(recorded) == len(second - first)
    assert cache.info().entries == len(first | second)


def test_a_graph_without_cycles_needs_no_work_and_no_jax(
    recorded: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trace = record_hierarchically(coalescent(6), cache=TraceCache(tmp_path))
    assert recorded == []
    assert len(trace.blocks) == 6


def test_vmap_records_in_several_threads(recorded: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two units that wait for one another: both must be in work at the same time."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    together = threading.Barrier(2, timeout=60)

    def waits(pattern: Pattern) -> Elimination:
        together.wait()
        return eliminate(pattern)

    monkeypatch.setattr(work, "eliminate", waits)
    with get_strategy("vmap") as strategy:
        assert len(record_patterns([ring(5), ring(6)], strategy)) == 2


@pytest.mark.parametrize("name", ["sequential", "vmap", "dask"])
def test_the_bar_shows_how_many_are_done(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    record_hierarchically(two_island(3, 3), strategy=name, progress=True)
    shown = capfd.readouterr()
    assert "recording" in shown.err
    assert "5/5" in shown.err
    assert shown.out == ""


def test_the_log_says_what_is_recorded_and_how(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sharpbits.phasetype.hierarchy"):
        record_hierarchically(two_island(3, 3))
    assert "recording 5 of 5 structures by strategy sequential; 0 are in the cache" in caplog.text


@given(rows=st.lists(st.lists(st.binary(min_size=1, max_size=40), max_size=5), min_size=1, max_size=5))
def test_packed_bytes_come_back(rows: list[list[bytes]]) -> None:
    for multiple in (1, 16):
        packed = pack(rows, multiple=multiple)
        assert packed.shape[1] % multiple == 0
        assert [unpack(row) for row in packed] == rows


@given(text=st.binary(min_size=2, max_size=40), cut=st.integers(1, 39))
def test_packed_bytes_that_are_cut_short_are_told(text: bytes, cut: int) -> None:
    packed = pack([[text]])[0]
    with pytest.raises(IncompleteResultsError, match="cut short"):
        unpack(packed[: 8 + min(cut, len(text) - 1)])


@given(sizes=st.lists(st.integers(0, 1000), max_size=30), rows=st.integers(1, 8))
def test_shares_have_every_piece_once_and_are_about_equal(sizes: list[int], rows: int) -> None:
    """Graham's bound: no share is above the mean by more than the largest piece."""
    shares = balanced(sizes, rows)
    assert sorted(number for share in shares for number in share) == list(range(len(sizes)))
    loads = [sum(sizes[number] + 8 for number in share) for share in shares]
    assert max(loads) <= sum(loads) / rows + max(sizes, default=0) + 8
