"""Strategy ``pmap`` in one process with four devices: all scenarios in one, which imports JAX once."""

from __future__ import annotations

import pytest

from phasetype.processes import Outcome, run_once
from phasetype.recording_process import digest_of_model

SCENARIOS = ("model", "auto", "large", "error", "malformed")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    (found,) = run_once(tmp_path_factory, "pmap_devices", *SCENARIOS, devices=4)
    return found


def test_four_devices_record_each_its_share_and_the_trace_is_that_of_the_sequential_one(outcome: Outcome) -> None:
    result = outcome.of(SCENARIOS.index("model"))
    assert result["devices"] == 4
    assert result["trace"] == digest_of_model("sequential")
    assert result["recorded"] == list(range(3, 19))
    assert result["threads"] == 4


def test_auto_takes_pmap_where_there_are_devices_and_says_so(outcome: Outcome) -> None:
    result = outcome.of(SCENARIOS.index("auto"))
    assert result["told"] == ["strategy auto: pmap, because there are 4 devices"]
    assert result["trace"] == digest_of_model("sequential")


def test_the_bar_shows_how_many_the_devices_have_done(outcome: Outcome) -> None:
    assert "16/16" in outcome.errors


def test_documents_larger_than_what_xla_copies_at_once_do_not_hang(outcome: Outcome) -> None:
    """Four callbacks at a time, each with an argument over 100 KiB, wait for one another in JAX 0.7."""
    assert outcome.of(SCENARIOS.index("large"))["equal"]


def test_an_error_on_a_device_fails_the_batch_with_stack_trace_and_graph_details(outcome: Outcome) -> None:
    error = outcome.of(SCENARIOS.index("error"))
    assert error["type"] == "RecordingError"
    assert "RuntimeError" in error["bases"]
    assert error["why"] == "MemoryError: no memory to record an elimination"
    assert error["context"]["vertices"] == "6"
    assert error["context"]["unit"] == "4 of 9"
    assert "in fails" in error["notes"][0]


def test_malformed_json_on_a_device_is_a_value_error(outcome: Outcome) -> None:
    error = outcome.of(SCENARIOS.index("malformed"))
    assert "ValueError" in error["bases"]
    assert error["context"]["actual"] == "19 bytes, unreadable at byte 12"
