"""What cannot be compared never passes, and what is no stored run is refused: neither ends in a traceback."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sharpbits.errors import UsageError
from sharpbits.gate.command import GateRequest, run_gate
from sharpbits.gate.storage import load_run

TIMES = [1.0, 1.1, 0.9, 1.0, 1.05, 0.95]
CLAIM = {
    "ours_times": TIMES, "theirs_times": [2.0] * 6, "verdict": "passes", "speedup": 2.0, "at_least": 1.5,
    "threshold": None,
}  # fmt: skip
SOUND: dict[str, Any] = {
    "datetime": "2026-01-01T00:00:00",
    "machine_info": {"sharpbits": {"machine": "x", "cpu": "c", "cores": 2, "gpus": []}},
    "benchmarks": [{"fullname": "a", "stats": {"data": TIMES}, "extra_info": {"sharpbits": CLAIM}}],
}


def stored(path: Path, change: Callable[[dict[str, Any]], object] = lambda document: None) -> Path:
    document = copy.deepcopy(SOUND)
    change(document)
    path.write_text(json.dumps(document))
    return path


def first(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["benchmarks"][0]
    return found


def claim(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = first(document)["extra_info"]["sharpbits"]
    return found


def without_peer(times: list[float]) -> Callable[[dict[str, Any]], object]:
    return lambda document: first(document).update(stats={"data": times}, extra_info={})


def test_a_sound_run_passes(tmp_path: Path) -> None:
    run = stored(tmp_path / "run.json")
    assert run_gate(GateRequest(run, run, html=tmp_path / "page.html", markdown=tmp_path / "page.md")) == 0


UNUSABLE = {
    "all_nan": [math.nan] * 6,
    "one_nan": [*TIMES[:-1], math.nan],
    "infinite": [*TIMES[:-1], math.inf],
    "negative": [*TIMES[:-1], -1.0],
    "zero": [0.0] * 6,
}


@pytest.mark.parametrize("times", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("side", ["reference", "new", "both"])
def test_figures_that_cannot_be_compared_fail_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], times: list[float], side: str
) -> None:
    usable, unusable = without_peer(TIMES), without_peer(times)
    reference = stored(tmp_path / "reference.json", usable if side == "new" else unusable)
    new = stored(tmp_path / "new.json", usable if side == "reference" else unusable)
    request = GateRequest(reference, new, html=tmp_path / "page.html", markdown=tmp_path / "page.md")
    assert run_gate(request) == 1
    told = capsys.readouterr().out
    assert "gate failed: 1 incomparable" in told
    assert [line.split()[:2] for line in told.splitlines() if line.startswith("incomparable")] == [
        ["incomparable", "a"]
    ]
    assert "incomparable" in (tmp_path / "page.html").read_text()
    assert "| incomparable | `a` |" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize("side", ["ours_times", "theirs_times"])
def test_a_ratio_that_cannot_be_compared_fails(tmp_path: Path, side: str) -> None:
    reference = stored(tmp_path / "reference.json")
    new = stored(tmp_path / "new.json", lambda document: claim(document).update({side: [math.nan] * 6}))
    assert run_gate(GateRequest(reference, new)) == 1
    assert run_gate(GateRequest(reference, new, cross_machine=True)) == 1


def test_a_new_benchmark_without_usable_figures_fails(tmp_path: Path) -> None:
    reference = stored(tmp_path / "reference.json")
    more = {"fullname": "b", "stats": {"data": [math.nan] * 6}, "extra_info": {}}
    new = stored(tmp_path / "new.json", lambda document: document["benchmarks"].append(more))
    assert run_gate(GateRequest(reference, new)) == 1


MALFORMED: dict[str, Callable[[dict[str, Any]], object]] = {
    "null_environment": lambda document: document["machine_info"].update(sharpbits=None),
    "null_packages": lambda document: document["machine_info"]["sharpbits"].update(packages=None),
    "benchmarks_of_text": lambda document: document.update(benchmarks=["a"]),
    "name_twice": lambda document: document["benchmarks"].append(first(document)),
    "name_that_is_none": lambda document: first(document).update(fullname=None),
    "name_without_end": lambda document: first(document).update(fullname="\ud800"),
    "no_stats": lambda document: first(document).pop("stats"),
    "null_stats": lambda document: first(document).update(stats=None),
    "no_data": lambda document: first(document).update(stats={}),
    "empty_data": lambda document: first(document).update(stats={"data": []}),
    "text_in_data": lambda document: first(document).update(stats={"data": ["1"]}),
    "truth_in_data": lambda document: first(document).update(stats={"data": [True]}),
    "huge_data": lambda document: first(document).update(stats={"data": [10**400]}),
    "null_extra_info": lambda document: first(document).update(extra_info=None),
    "text_for_a_claim": lambda document: first(document).update(extra_info={"sharpbits": "fast"}),
    "unequal_lengths": lambda document: claim(document)["ours_times"].pop(),
    "zero_peer": lambda document: claim(document).update(theirs_times=[0.0] * 6),
    "no_peer_times": lambda document: claim(document).pop("theirs_times"),
    "unknown_verdict": lambda document: claim(document).update(verdict="splendid"),
    "no_speedup": lambda document: claim(document).pop("speedup"),
    "threshold_nan": lambda document: claim(document).update(threshold=math.nan),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_run_is_refused_on_either_side(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    sound, malformed = stored(tmp_path / "sound.json"), stored(tmp_path / "malformed.json", change)
    for request in (
        GateRequest(sound, malformed),
        GateRequest(malformed, sound),
        GateRequest(sound, sound, history=[malformed]),
    ):
        with pytest.raises(UsageError, match="cannot be read") as error:
            run_gate(request)
        assert error.value.context["path"] == malformed


def test_a_file_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    with pytest.raises(UsageError, match="cannot be read"):
        load_run(deep)


def test_a_single_time_has_no_history_to_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = stored(tmp_path / "run.json", without_peer([1.0]))
    with pytest.raises(UsageError, match="a has a single time"):
        run_gate(GateRequest(run, run, html=tmp_path / "page.html"))
    assert capsys.readouterr().out == "", "refused before anything is said"
    assert not (tmp_path / "page.html").exists()


def test_a_report_takes_the_place_of_no_run_that_is_read(tmp_path: Path) -> None:
    run = stored(tmp_path / "run.json")
    (tmp_path / "older").mkdir()
    older = stored(tmp_path / "older" / "first.json")
    before = older.read_text()
    with pytest.raises(UsageError, match="cannot be written"):
        run_gate(GateRequest(run, run, html=older, history=[older.parent]))
    assert older.read_text() == before
