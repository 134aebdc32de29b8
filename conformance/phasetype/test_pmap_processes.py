"""Strategy ``pmap`` over processes of ``jax.distributed`` on this machine: all get all, or all fail, loudly."""

from __future__ import annotations

import pytest

from phasetype.processes import Outcome, run, run_once
from phasetype.recording_process import digest_of_model

SCENARIOS = ("model", "caches", "error", "malformed", "other_graphs", "other_counts", "damaged_cache", "unusable_cache")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return run_once(tmp_path_factory, "pmap_processes", *SCENARIOS, processes=2)


def test_two_processes_record_each_their_share_and_both_have_the_whole_trace(two: list[Outcome]) -> None:
    results = [one.of(SCENARIOS.index("model")) for one in two]
    assert [one["devices"] for one in results] == [2, 2]
    assert {one["trace"] for one in results} == {digest_of_model("sequential")}
    shares = [one["recorded"] for one in results]
    assert all(shares)
    assert sorted(shares[0] + shares[1]) == list(range(3, 19))


def test_processes_whose_caches_differ_agree_on_the_work_and_keep_the_results(two: list[Outcome]) -> None:
    first, second = (one.of(SCENARIOS.index("caches")) for one in two)
    assert first["trace"] == second["trace"] == digest_of_model("sequential")
    assert (first["before"], second["before"]) == (5, 0)
    # The first keeps, besides what it had, what the model needs; three of the five are of that.
    assert second["after"] == 16
    assert first["after"] - first["before"] == 13
    assert first["recorded"] + second["recorded"] == 16


def test_an_error_on_one_process_is_the_error_of_all_with_its_stack_trace(two: list[Outcome]) -> None:
    for outcome in two:
        error = outcome.of(SCENARIOS.index("error"))
        assert error["type"] == "RecordingError"
        assert error["why"] == "MemoryError: no memory to record an elimination"
        assert error["context"]["unit"] == "4 of 9"
        assert "in fails" in error["notes"][0]


def test_malformed_json_is_a_value_error_on_every_process(two: list[Outcome]) -> None:
    for outcome in two:
        assert "ValueError" in outcome.of(SCENARIOS.index("malformed"))["bases"]


@pytest.mark.parametrize("scenario", ["other_graphs", "other_counts"])
def test_processes_with_different_graphs_are_told_so(two: list[Outcome], scenario: str) -> None:
    for outcome in two:
        error = outcome.of(SCENARIOS.index(scenario))
        assert error["type"] == "RecordingError"
        assert error["why"] == "the processes were given different graphs"


@pytest.mark.parametrize(
    ("scenario", "failing", "kind"),
    [("damaged_cache", 1, "DamagedTraceError"), ("unusable_cache", 0, "CacheFolderError")],
)
def test_a_cache_that_fails_one_process_fails_all_and_none_waits(
    two: list[Outcome], scenario: str, failing: int, kind: str
) -> None:
    own, other = (two[index].of(SCENARIOS.index(scenario)) for index in (failing, 1 - failing))
    assert own["type"] == kind
    assert other["type"] == "RecordingError"
    assert other["why"] == f"process {failing} cannot use its cache: its own error says why"


def test_four_processes_have_the_same_trace() -> None:
    outcomes = run("model", processes=4)
    results = [one.of(0) for one in outcomes]
    assert {one["trace"] for one in results} == {digest_of_model("sequential")}
    assert sorted(size for one in results for size in one["recorded"]) == list(range(3, 19))
    assert all(one["recorded"] for one in results)


def test_a_process_that_is_killed_in_its_work_fails_the_others_loudly() -> None:
    survivor, killed = run("killed", processes=2)
    assert killed.status == -9
    assert killed.results == []
    error = survivor.of(0)
    assert error["type"] == "RecordingError"
    assert "a process or a device was lost" in error["why"]
    assert error["context"]["processes"] == "2"
