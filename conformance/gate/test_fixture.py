"""The fixture ``contest`` in a real pytest run: verdicts as test outcomes, figures in pytest-benchmark's storage."""

from __future__ import annotations

import json

import pytest

SUITE = """
import pytest
from types import SimpleNamespace

@pytest.fixture
def spends(monkeypatch):
    # The contest's clock shows what the contestants spend: no timing here depends on the machine.
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0], monotonic=lambda: now[0])
    monkeypatch.setattr("sharpbits.gate.contest.time", clock)

    def contestant(*seconds, returns=1.0):
        left = list(seconds)
        def run():
            now[0] += left.pop(0) if len(left) > 1 else left[0]
            return [returns, 2.0]
        return run
    return contestant

def test_holds(contest, spends):
    result = contest(spends(0.25), spends(1.0), at_least=2.0, rtol=1e-9, threshold=1.3)
    assert result.speedup.median == 4.0

def test_does_not_hold(contest, spends):
    contest(spends(1.0), spends(1.0), at_least=3.0)

def test_disagrees(contest, spends):
    contest(spends(1.0), spends(1.0, returns=2.0), at_least=1.0, rtol=1e-9)

def test_straddles(contest, spends):
    contest(spends(*[1.0, 2.0] * 1000), spends(1.5), at_least=1.0)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite with a claim of each kind, in a pytest of its own also where this one is an xdist worker."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makepyfile(test_gates=SUITE)
    return pytester


def test_claims_pass_fail_or_are_shown_as_undecided(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-v")
    result.stdout.fnmatch_lines_random(
        [
            "*::test_holds PASSED*",
            "*::test_does_not_hold FAILED*",
            "*::test_disagrees FAILED*",
            "*::test_straddles UNDECIDED*",
            "*2 failed, 1 passed,*1 undecided*",
            "*why: fails: *times as fast*claimed at least 3*",
            "*why: result[[]0]: they differ by up to 1*",
        ]
    )


def test_strict_gates_fail_when_undecided(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess("-k", "straddles", "--gate-strict").assert_outcomes(failed=1)


@pytest.mark.parametrize("option", [["--benchmark-disable"], ["-n", "1"]])
def test_a_gate_never_passes_where_benchmarks_are_disabled(suite: pytest.Pytester, option: list[str]) -> None:
    result = suite.runpytest_subprocess("-k", "holds", *option)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*pytest-benchmark is disabled*"])


def test_figures_are_stored_with_the_claim_and_the_environment(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess("-k", "test_holds", "--benchmark-json=run.json").assert_outcomes(passed=1)
    document = json.loads((suite.path / "run.json").read_text())
    (stored,) = document["benchmarks"]
    claim = stored["extra_info"]["sharpbits"]
    assert claim["verdict"] == "passes"
    assert claim["threshold"] == 1.3
    assert len(claim["ours_times"]) == len(claim["theirs_times"]) == stored["stats"]["rounds"]
    assert stored["stats"]["data"] == pytest.approx(claim["ours_times"])
    assert document["machine_info"]["sharpbits"]["packages"]["pytest"]


def test_pytest_without_a_gate_imports_none_of_its_machinery(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_light(): assert not {'scipy', 'matplotlib'} & set(sys.modules)")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
