"""What fails where, and what happens then: the error matrix and the rules that this package was specified by.

Rows 1 to 9 are the matrix, row by row; then the rules on strategies, the cache and results. Where a row and the rule
that nothing is ever silently worked around differ (a damaged file of the cache), the rule holds. ``pmap`` needs devices
and processes: see ``test_pmap_devices.py`` and ``test_pmap_processes.py``.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from phasetype.patterns import both_ways, ring
from sharpbits.errors import SharpbitsError
from sharpbits.phasetype import Graph, coalescent, two_island
from sharpbits.phasetype import cache as cache_module
from sharpbits.phasetype import hierarchy as hierarchy_module
from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.elimination import Elimination, eliminate
from sharpbits.phasetype.hierarchy import record_hierarchically, record_patterns
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.strategies import STRATEGIES, Strategy, get_strategy, work

#: Those that run in this process, with one device.
here = pytest.mark.parametrize("name", ["sequential", "vmap", "dask"])


@pytest.fixture
def cache(tmp_path: Path) -> TraceCache:
    return TraceCache(tmp_path / "traces")


def with_document(pattern: Pattern, change: Callable[[dict[str, Any]], None] | bytes) -> Pattern:
    """Return a pattern whose document was damaged on its way."""
    if isinstance(change, bytes):
        document = change
    else:
        content = json.loads(pattern.document)
        change(content)
        document = json.dumps(content).encode()
    damaged = Pattern(pattern.offsets, pattern.targets)
    damaged.__dict__["document"] = document
    return damaged


def failure(name: str, patterns: Sequence[Pattern], cache: TraceCache | None = None) -> SharpbitsError:
    """Return the error of recording these, which must be one of ours."""
    with pytest.raises(SharpbitsError) as error, get_strategy(name) as strategy:
        record_patterns(patterns, strategy, cache=cache)
    return error.value


def traced(error: SharpbitsError) -> str:
    """Return the stack trace of the worker."""
    (note,) = error.__notes__
    assert note.startswith("In the worker:\nTraceback (most recent call last)")
    return note


@here
def test_row_1_malformed_json_is_a_value_error_with_details(name: str) -> None:
    error = failure(name, [ring(3), with_document(ring(4), b'{"document":"sharpb'), ring(5)])
    assert isinstance(error, ValueError)
    assert "it is no JSON" in error.why
    assert error.context["actual"] == "19 bytes, unreadable at byte 12"
    assert error.context["unit"] == "2 of 3"
    assert error.context["strategy"] == name
    assert "from_document" in traced(error)


@here
def test_row_2_a_shape_that_does_not_match_is_a_value_error_with_expected_and_actual(name: str) -> None:
    def shorter(content: dict[str, Any]) -> None:
        content["size"] = 7

    error = failure(name, [with_document(ring(4), shorter)])
    assert isinstance(error, ValueError)
    assert (error.context["expected"], error.context["actual"]) == ("(8,), of size 7", "(5,)")


def test_row_2_holds_for_graphs_too() -> None:
    data = coalescent(4).serialize()
    data["states"] = data["states"][:-1]
    with pytest.raises(ValueError, match=r"expected=\(4, 1\)[^\n]*actual=\(3, 1\)"):
        Graph.from_serialized(data)


@here
def test_row_3_an_edge_to_a_missing_vertex_is_a_runtime_error_with_vertices(name: str) -> None:
    def beyond(content: dict[str, Any]) -> None:
        content["targets"][0] = 9

    error = failure(name, [with_document(ring(4), beyond)])
    assert isinstance(error, RuntimeError)
    assert (error.context["expected"], error.context["actual"]) == ("vertices from 0 to 3", "edge 0 -> 9")


@here
def test_row_4_a_recording_that_fails_is_a_runtime_error_with_graph_details(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_at_six(pattern: Pattern) -> Elimination:
        if pattern.size == 6:
            raise MemoryError("no memory to record an elimination")
        return eliminate(pattern)

    monkeypatch.setattr(work, "eliminate", fails_at_six)
    error = failure(name, [ring(5), both_ways(6), ring(7)])
    assert isinstance(error, RuntimeError)
    assert error.why == "MemoryError: no memory to record an elimination"
    assert error.context == {
        "vertices": "6",
        "edges": "10",
        "strategy": name,
        "unit": "2 of 3",
        "pattern": "Pattern(6 vertices, 10 edges)",
        "hash": both_ways(6).key[:16],
    }
    assert "fails_at_six" in traced(error)


@here
def test_row_4_holds_for_a_document_that_there_is_no_memory_to_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(_: bytes) -> Pattern:
        raise MemoryError("no memory to read a document")

    monkeypatch.setattr(Pattern, "from_document", no_memory)
    error = failure(name, [ring(5)])
    assert isinstance(error, RuntimeError)
    assert error.why == "MemoryError: no memory to read a document"
    assert error.context["document"] == f"{len(ring(5).document)} bytes"
    assert "no_memory" in traced(error)


def test_row_5_a_cache_write_that_fails_is_a_warning_and_nothing_is_lost(
    cache: TraceCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise SharpbitsError("a file could not be written", why="No space left on device", resolution="make room")

    monkeypatch.setattr(cache_module, "write_atomically", full)
    trace = record_hierarchically(two_island(2, 2), cache=cache)
    assert trace == record_hierarchically(two_island(2, 2))
    assert {one.levelname for one in caplog.records} == {"WARNING"}
    assert "No space left on device" in caplog.text


def test_row_6_a_cache_read_that_fails_finds_nothing_and_is_logged(
    cache: TraceCache, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "sharpbits.phasetype.cache"):
        assert cache.get(ring(3)) is None
    assert [one.levelname for one in caplog.records] == ["DEBUG"]


@pytest.mark.parametrize("name", ["vmap", "pmap"])
def test_row_7_without_jax_there_is_an_import_error_with_the_install_line(
    name: str, cache: TraceCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError) as error:
        record_hierarchically(two_island(2, 2), strategy=name, cache=cache)
    assert isinstance(error.value, SharpbitsError)
    assert error.value.why == "jax is not installed"
    assert error.value.resolution == "pip install 'sharpbits[phasetype]', or use strategy='sequential'"
    assert not cache.folder.exists()


def test_row_7_holds_for_dask_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'sharpbits\[phasetype-dask\]'"):
        record_hierarchically(two_island(2, 2), strategy="dask")


def test_a_package_that_is_broken_is_not_called_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "jax.py").write_text("import what_it_lacks")
    monkeypatch.delitem(sys.modules, "jax")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_lacks"):
        get_strategy("vmap")


def test_row_8_pmap_with_one_device_is_a_runtime_error_that_names_devices_and_alternative(cache: TraceCache) -> None:
    """Also where there would be nothing to record: it is never another strategy in its place."""
    for graph in (two_island(2, 2), coalescent(5)):
        with pytest.raises(RuntimeError) as error:
            record_hierarchically(graph, strategy="pmap", cache=cache)
        assert isinstance(error.value, SharpbitsError)
        assert "there is 1" in error.value.why
        assert "CpuDevice" in str(error.value.context["devices"])
        assert "strategy='vmap'" in error.value.resolution
        assert not cache.folder.exists()


@here
def test_row_9_an_error_of_any_worker_fails_the_whole_batch(
    name: str, cache: TraceCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_at_six(pattern: Pattern) -> Elimination:
        if pattern.size == 6:
            raise ZeroDivisionError("worker")
        return eliminate(pattern)

    monkeypatch.setattr(work, "eliminate", fails_at_six)
    error = failure(name, [ring(size) for size in range(3, 20)], cache)
    assert isinstance(error, RuntimeError)
    assert error.why == "ZeroDivisionError: worker"
    assert "ZeroDivisionError" in traced(error)
    assert cache.info().entries == 0


@pytest.mark.parametrize("graph", [two_island(2, 2), coalescent(5)], ids=["cyclic", "nothing to record"])
@pytest.mark.parametrize("name", ["bogus", "", "VMAP", "auto "])
def test_an_unknown_strategy_is_a_value_error_before_anything_else(
    name: str, graph: Graph, cache: TraceCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work_begins(*_: object) -> None:
        raise AssertionError("the graph was looked at before the strategy")

    monkeypatch.setattr(hierarchy_module, "find_components", work_begins)
    with pytest.raises(ValueError, match="no such strategy") as error:
        record_hierarchically(graph, strategy=name, cache=cache)
    assert all(one in str(error.value) for one in STRATEGIES)
    assert not cache.folder.exists()


def test_an_unknown_strategy_is_an_error_where_all_is_in_the_cache(cache: TraceCache) -> None:
    record_hierarchically(two_island(2, 2), cache=cache)
    with pytest.raises(ValueError, match="no such strategy"):
        record_hierarchically(two_island(2, 2), strategy="bogus", cache=cache)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sequential", {"scheduler": "tcp://localhost:1"}),
        ("vmap", {"workers": 2}),
        ("auto", {"workers": 2}),
        ("dask", {"workers": -1}),
        ("dask", {"workers": 2, "scheduler": "tcp://localhost:1"}),
    ],
)
def test_options_that_a_strategy_does_not_take_are_a_value_error(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        get_strategy(name, **options)


def test_the_folder_of_the_cache_is_tried_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work_begins(*_: object) -> None:
        raise AssertionError("the graph was looked at before the cache")

    monkeypatch.setattr(hierarchy_module, "find_components", work_begins)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PermissionError):
        record_hierarchically(two_island(2, 2), cache=TraceCache(tmp_path / "file" / "traces"))


def test_auto_says_what_it_chose_and_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sharpbits.phasetype.strategies"):
        assert get_strategy("auto").name == "vmap"
    assert "strategy auto: vmap, because there is one device" in caplog.text


def test_auto_without_jax_is_sequential_and_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with caplog.at_level(logging.INFO, "sharpbits.phasetype.strategies"):
        assert get_strategy("auto").name == "sequential"
    assert "sequential, because JAX is not installed" in caplog.text


@here
def test_a_damaged_file_of_the_cache_fails_the_recording_and_the_next_one_works(name: str, cache: TraceCache) -> None:
    graph = two_island(3, 2)
    trace = record_hierarchically(graph, cache=cache)
    path = sorted(cache.folder.glob("*.trace"))[0]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RuntimeError, match="a stored trace is damaged"):
        record_hierarchically(graph, strategy=name, cache=cache)
    assert record_hierarchically(graph, strategy=name, cache=cache) == trace


class Forgetful(Strategy):
    """Does something wrong with the results of the sequential one."""

    name = "forgetful"

    def __init__(self, fault: str) -> None:
        self._fault = fault

    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        outcomes: list[Any] = [work.record_document(document) for document in documents]
        if self._fault == "one less":
            outcomes.pop()
        elif self._fault == "exchanged":
            outcomes.reverse()
        elif self._fault == "cut":
            outcomes[1] = outcomes[1][:-3]
        elif self._fault == "of another":
            outcomes[1] = outcomes[1][:33] + eliminate(ring(9)).to_bytes()
        elif self._fault == "none":
            outcomes[1] = None
        elif self._fault == "nothing":
            outcomes[1] = b""
        elif self._fault == "failed somehow":
            outcomes[1] = b"\1" + outcomes[1][1:33] + b'{"type":"GraphErr'
        elif self._fault == "failed otherwise":
            outcomes[1] = b"\1" + outcomes[1][1:33] + b'{"type":"OtherError"}'
        yield from enumerate(outcomes)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("one less", "1 of 3 did not come back, the first of unit 3"),
        ("exchanged", "the outcome of another document"),
        ("cut", "cut short"),
        ("of another", "is of another pattern"),
        ("none", "no outcome"),
        ("nothing", "no outcome"),
        ("failed somehow", "failed, and not how"),
        ("failed otherwise", "failed, and not how"),
    ],
)
def test_results_that_are_incomplete_are_a_value_error(fault: str, message: str, cache: TraceCache) -> None:
    with pytest.raises(ValueError, match=message):
        record_patterns([ring(3), ring(4), ring(5)], Forgetful(fault), cache=cache)
    assert cache.info().entries == 0


def test_every_error_says_what_why_in_which_context_and_what_to_do() -> None:
    error = failure("sequential", [with_document(ring(4), b"[]")])
    what, why, context, resolution = str(error).splitlines()
    assert what == "this is no pattern of an elimination"
    assert why.startswith("  why: ")
    assert context.startswith("  context: expected=")
    assert resolution.startswith("  resolution: ")
