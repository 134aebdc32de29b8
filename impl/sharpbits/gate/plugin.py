"""The pytest fixture ``contest``: a performance claim as a test, its figures in pytest-benchmark's storage.

::

    def test_fused_step_is_four_times_as_fast_as_backprop(contest):
        contest(fused_step, backprop_step, at_least=4.0, rtol=1e-6)

It needs the extra ``perf`` (pytest-benchmark, SciPy, threadpoolctl), which is imported when a contest is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from sharpbits.errors import SharpbitsError
from sharpbits.gate.storage import STORED

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from sharpbits.gate.contest import ContestResult

_VERDICT = "sharpbits_gate"


class GateError(SharpbitsError):
    """A performance claim does not hold, or could not be judged."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI insist on decisions."""
    group = parser.getgroup("sharpbits")
    group.addoption("--gate-strict", action="store_true", help="An undecided performance gate fails.")


@pytest.fixture
def contest(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Callable[..., ContestResult]:
    """Hold contests: ``contest(ours, theirs, at_least=…, rtol=…, atol=…)``; see :func:`hold_contest`.

    The test passes when the claim is proven, fails when it is disproven or the results do not agree, and is shown as
    ``UNDECIDED`` (a skip; with ``--gate-strict`` a failure) when all rounds could not tell. ``threshold`` is how many
    times slower than its reference ``sharpbits gate --against`` lets it become (default: that command's ``--factor``).
    """

    def hold(
        ours: Callable[[], Any],
        theirs: Callable[[], Any],
        *,
        at_least: float,
        rtol: float | None = None,
        atol: float = 0.0,
        max_seconds: float = 60.0,
        threads: int | None = None,
        processor_time: bool = False,
        threshold: float | None = None,
    ) -> ContestResult:
        from sharpbits.gate.agreement import assert_agreement
        from sharpbits.gate.contest import GateVerdict, hold_contest

        benchmark._mode = "contest(...)"  # else it warns at the end that it was not used
        if benchmark.disabled:
            raise GateError(
                "a performance gate cannot be judged",
                why="pytest-benchmark is disabled, as it is under xdist and by --benchmark-disable",
                resolution="run the gates serially: pytest perf, without -n",
                test=request.node.nodeid,
            )

        def agree(own: Any, other: Any) -> None:
            assert_agreement(own, other, rtol=rtol or 0.0, atol=atol)

        compare = agree if rtol is not None or atol else None
        result = hold_contest(
            ours,
            theirs,
            at_least=at_least,
            agree=compare,
            max_seconds=max_seconds,
            threads=threads,
            processor_time=processor_time,
        )
        _store(benchmark, result, threshold)
        request.node.user_properties.append((_VERDICT, str(result.verdict)))
        if result.verdict is GateVerdict.FAILS:
            raise _not_proven(result, request.node.nodeid)
        if result.verdict is GateVerdict.UNDECIDED:
            if request.config.getoption("--gate-strict"):
                raise _not_proven(result, request.node.nodeid)
            pytest.skip(str(result))
        return result

    return hold


def _not_proven(result: ContestResult, test: str) -> GateError:
    return GateError(
        "a performance claim does not hold",
        why=str(result),
        resolution="make ours faster, or claim less and say why",
        test=test,
        threads=result.threads,
    )


def _store(benchmark: BenchmarkFixture, result: ContestResult, threshold: float | None) -> None:
    """Hand our own timings to pytest-benchmark: its public calls would time again, without the turns."""
    stats = benchmark._make_stats(result.ours.calls_per_timing)  # type: ignore[no-untyped-call]
    for seconds in result.ours.times:
        stats.update(seconds * result.ours.calls_per_timing)
    benchmark.extra_info[STORED] = {**result.as_dict(), "threshold": threshold}


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Store the environment with the figures, so that they are never compared across machines by accident."""
    from sharpbits.catalogue import describe_environment

    environment = describe_environment()
    machine_info[STORED] = {**asdict(environment), "fingerprint": environment.fingerprint}


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Show an undecided gate as what it is."""
    if report.when == "call" and report.skipped and (_VERDICT, "undecided") in report.user_properties:
        return "undecided", "u", ("UNDECIDED", {"yellow": True})
    return None
