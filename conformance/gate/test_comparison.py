"""`sharpbits gate --against`: slower and missing fail, new is told, other machines and disabled runs are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.errors import UsageError
from sharpbits.gate.command import GateRequest, run_gate
from sharpbits.gate.comparison import Change, compare_runs
from sharpbits.gate.storage import StoredRun, load_run

HERE = {"machine": "x86_64", "cpu": "a processor", "cores": 2, "gpus": [], "packages": {"jax": "0.7.1"}}


def benchmark(cost: float, seed: int, *, peer: bool = True, **claim: Any) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    ours = (cost * np.exp(random.normal(scale=0.02, size=60))).tolist()
    theirs = np.exp(random.normal(scale=0.02, size=60)).tolist()
    stored = {
        "ours_times": ours, "theirs_times": theirs, "verdict": "passes", "speedup": 1 / cost, "at_least": 0.5,
        "threshold": None, **claim,
    }  # fmt: skip
    return {"stats": {"data": ours}, "extra_info": {"sharpbits": stored} if peer else {}}


def run(benchmarks: dict[str, dict[str, Any]], when: str = "2026-01-01T00:00:00", **facts: Any) -> StoredRun:
    return StoredRun(Path("run.json"), when, {**HERE, **facts}, benchmarks)


def store(path: Path, stored: StoredRun) -> Path:
    document = {
        "datetime": stored.when,
        "machine_info": {"sharpbits": stored.environment},
        "benchmarks": [{"fullname": name, **one} for name, one in stored.benchmarks.items()],
    }
    path.write_text(json.dumps(document))
    return path


@given(st.sets(st.sampled_from("abcde")), st.sets(st.sampled_from("abcde")))
def test_every_benchmark_of_either_run_is_told_of_once(before: set[str], after: set[str]) -> None:
    rows = compare_runs(
        run({name: benchmark(1.0, 1) for name in before}), run({name: benchmark(1.0, 2) for name in after})
    )
    changes = {row.name: row.change for row in rows}
    assert len(rows) == len(changes) == len(before | after)
    assert {name for name, change in changes.items() if change is Change.MISSING} == before - after
    assert {name for name, change in changes.items() if change is Change.NEW} == after - before


@pytest.mark.parametrize("peer", [True, False])
@pytest.mark.parametrize(
    ("cost", "change"), [(1.0, Change.SAME), (1.03, Change.SAME), (1.2, Change.SLOWER), (0.8, Change.FASTER)]
)
def test_slower_needs_the_factor_and_the_test(cost: float, change: Change, peer: bool) -> None:
    (row,) = compare_runs(run({"a": benchmark(1.0, 1, peer=peer)}), run({"a": benchmark(cost, 2, peer=peer)}))
    assert row.change is change
    assert row.factor == pytest.approx(cost, rel=0.02)


def test_a_few_wild_samples_above_the_factor_are_not_enough() -> None:
    """Three rounds a side: the factor is exceeded, but the test cannot tell it from chance."""
    old, new = benchmark(1.0, 1, peer=False), benchmark(1.2, 2, peer=False)
    old["stats"]["data"], new["stats"]["data"] = [1.0, 1.1, 1.3], [1.2, 1.25, 1.0]
    (row,) = compare_runs(run({"a": old}), run({"a": new}))
    assert row.factor is not None
    assert row.factor > 1.05
    assert row.change is Change.SAME


def test_a_drifted_machine_is_not_a_slowdown_where_there_is_a_peer() -> None:
    slow_day = benchmark(1.0, 2)
    for times in ("ours_times", "theirs_times"):
        slow_day["extra_info"]["sharpbits"][times] = [2 * t for t in slow_day["extra_info"]["sharpbits"][times]]
    (row,) = compare_runs(run({"a": benchmark(1.0, 1)}), run({"a": slow_day}))
    assert row.change is Change.SAME


def test_thresholds_go_by_command_line_then_benchmark_then_default() -> None:
    reference = run({"a": benchmark(1.0, 1)})
    lenient = run({"a": benchmark(1.2, 2, threshold=1.3)})
    assert compare_runs(reference, lenient)[0].change is Change.SAME
    assert compare_runs(reference, lenient, thresholds={"a": 1.1})[0].change is Change.SLOWER
    strict = run({"a": benchmark(1.2, 2)})
    assert compare_runs(reference, strict, factor=1.3)[0].change is Change.SAME
    with pytest.raises(UsageError, match="names no benchmark"):
        compare_runs(reference, strict, thresholds={"b": 1.1})


@pytest.mark.parametrize("fact", [{"cpu": "another"}, {"cores": 64}, {"gpus": [{"name": "H200"}]}])
def test_figures_of_another_machine_are_refused_unless_ratios_alone_are_asked_for(fact: dict[str, Any]) -> None:
    reference = run({"a": benchmark(1.0, 1), "no_peer": benchmark(1.0, 1, peer=False)})
    elsewhere = run({"a": benchmark(1.0, 2), "no_peer": benchmark(5.0, 2, peer=False)}, **fact)
    with pytest.raises(UsageError, match="two machines"):
        compare_runs(reference, elsewhere)
    rows = compare_runs(reference, elsewhere, cross_machine=True)
    assert [(row.name, row.change) for row in rows] == [("a", Change.SAME)], "seconds are not compared"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"datetime": "x", "machine_info": {}, "benchmarks": []}'])
def test_a_file_that_is_no_stored_run_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="cannot be read"):
        load_run(path)


def test_a_run_without_benchmarks_never_passes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty") as error:
        load_run(store(tmp_path / "run.json", run({})))
    assert "xdist" in error.value.why


Gate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Run the command line in a process of its own."""

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sharpbits.cli", "gate", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    return call


@pytest.mark.parametrize(
    ("benchmarks", "options", "status", "words"),
    [
        ({"a": benchmark(1.0, 2)}, [], 0, "gate passed: 1 same"),
        ({"a": benchmark(1.0, 2), "b": benchmark(1.0, 2)}, [], 0, "1 new"),
        ({"a": benchmark(1.2, 2)}, [], 1, "gate failed: 1 slower"),
        ({"a": benchmark(1.2, 2)}, ["--factor", "1.5"], 0, "1 same"),
        ({"a": benchmark(1.2, 2)}, ["--threshold", "a=1.5"], 0, "1 same"),
        ({"b": benchmark(1.0, 2)}, [], 1, "1 missing"),
        ({"a": benchmark(1.0, 2, verdict="fails")}, [], 1, "claim does not hold: a"),
        ({"a": benchmark(1.0, 2, verdict="undecided")}, [], 0, "claim undecided: a"),
        ({"a": benchmark(1.0, 2, verdict="undecided")}, ["--strict"], 1, "gate failed"),
        ({}, [], 2, "empty"),
        ({"a": benchmark(1.0, 2)}, ["--threshold", "a"], 2, "--threshold NAME=FACTOR"),
        ({"a": benchmark(1.0, 2)}, ["--factor", "0.5"], 2, "--factor is 0.5"),
    ],
)
def test_the_exit_status_and_the_last_line_tell_how_it_went(
    gate: Gate, tmp_path: Path, benchmarks: dict[str, Any], options: list[str], status: int, words: str
) -> None:
    reference = store(tmp_path / "reference.json", run({"a": benchmark(1.0, 1)}))
    new = store(tmp_path / "new.json", run(benchmarks))
    ended = gate(new, "--against", reference, *options)
    assert ended.returncode == status, ended.stderr
    assert words in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


class Page(HTMLParser):
    """Collects what a page refers to and says."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markdown_and_html_tell_the_same_and_the_page_needs_nothing_from_outside(gate: Gate, tmp_path: Path) -> None:
    reference = store(tmp_path / "reference.json", run({"a": benchmark(1.0, 1), "gone": benchmark(1.0, 1)}))
    new = store(
        tmp_path / "new.json",
        run({"a": benchmark(1.2, 2), "<b>": benchmark(1.0, 2)}, "2026-02-01T00:00:00", packages={"jax": "0.8.0"}),
    )
    older = store(tmp_path / "older.json", run({"a": benchmark(0.9, 3)}, "2025-12-01T00:00:00"))
    ended = gate(
        new, "--against", reference, "--history", older,
        "--markdown", tmp_path / "gate.md", "--html", tmp_path / "gate.html",
    )  # fmt: skip
    assert ended.returncode == 1
    markdown = (tmp_path / "gate.md").read_text()
    page = Page()
    page.feed((tmp_path / "gate.html").read_text())
    for text in (markdown, page.text):
        for word in ("failed", "slower", "missing", "new", "gone", "<b>", "jax", "0.7.1", "0.8.0"):
            assert word in text, word
    assert page.addresses, "the history is drawn"
    assert all(address.startswith("data:image/svg+xml") for address in page.addresses)


@pytest.mark.parametrize("factor", ["nan", "inf", "-inf", "-1", "0"])
def test_a_factor_that_is_none_is_refused_before_any_file_is_read(tmp_path: Path, factor: str) -> None:
    absent = tmp_path / "absent.json"
    with pytest.raises(UsageError, match=r"(?s)the gate cannot be held.*use a number of 1 or more"):
        run_gate(GateRequest(absent, absent, factor=float(factor)))
    with pytest.raises(UsageError, match=r"(?s)threshold cannot be read.*FACTOR at least 1"):
        run_gate(GateRequest(absent, absent, thresholds=[f"a={factor}"]))
