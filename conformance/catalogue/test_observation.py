"""Every outcome class, seen from outside on real processes: what ended it, by which name, with which text."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import WRONG_GRADIENT, environment
from sharpbits.catalogue import Finding, Outcome, Result, Verdict, run_finding
from sharpbits.catalogue.observation import Observation, observe
from sharpbits.catalogue.process import ProcessEnd
from sharpbits.catalogue.reported import MalfunctionError

HERE = environment()


@pytest.fixture
def seen(finding: Callable[..., Finding]) -> Callable[..., Observation]:
    """Run a body once, isolated, and return what was observed."""

    def run(body: str, **table: Any) -> Observation:
        result: Result = run_finding(finding(textwrap.dedent(body), **table), HERE)
        assert result.verdict is not Verdict.BROKEN, result.judgement.message
        return result.observations[0]

    return run


def test_a_reported_outcome_is_taken_with_its_numbers(seen: Callable[..., Observation]) -> None:
    observation = seen(WRONG_GRADIENT)
    assert observation.outcome is Outcome.WRONG_GRADIENT
    assert (observation.observed, observation.expected) == ([0.5], [1.0])
    assert (observation.error, observation.tolerance) == (0.5, 1e-9)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGILL", "SIGFPE", "SIGBUS", "SIGTERM"])
def test_a_signal_is_a_crash_by_its_name(seen: Callable[..., Observation], name: str) -> None:
    observation = seen(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert (observation.outcome, observation.signal) == (Outcome.CRASH, name)
    assert name in observation.detail


def test_what_a_dying_process_wrote_to_stderr_can_be_matched(seen: Callable[..., Observation]) -> None:
    observation = seen("import os; os.write(2, b'Assertion `Index < Length` failed.\\n'); os.abort()")
    assert (observation.outcome, observation.signal) == (Outcome.CRASH, "SIGABRT")
    assert "Assertion `Index < Length` failed." in observation.text


def test_a_kill_from_outside_says_nothing_of_the_packages(finding: Callable[..., Finding]) -> None:
    """The kernel's out-of-memory killer may pick a finding for what another process did."""
    result = run_finding(finding("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), HERE)
    assert result.verdict is Verdict.BROKEN
    assert "SIGKILL from outside" in result.judgement.message


def test_a_crash_while_python_shuts_down_is_a_crash_though_a_result_was_printed(
    seen: Callable[..., Observation],
) -> None:
    observation = seen("import atexit, os\natexit.register(os.abort)\n" + WRONG_GRADIENT)
    assert (observation.outcome, observation.signal) == (Outcome.CRASH, "SIGABRT")


def test_an_uncaught_exception_is_an_error_with_its_type_and_text(seen: Callable[..., Observation]) -> None:
    observation = seen("""
        class WireError(Exception):
            pass

        try:
            1 / 0
        except ZeroDivisionError as cause:
            raise WireError("no wire\\n  called 7") from cause
    """)
    assert observation.outcome is Outcome.ERROR
    assert observation.exception == "__main__.WireError" or observation.exception == "WireError"
    assert observation.detail == "WireError: no wire called 7", "the last of a chain, on one line"


def test_an_exception_raised_while_another_is_handled_is_the_one_reported(
    seen: Callable[..., Observation],
) -> None:
    observation = seen("""
        try:
            {}["x"]
        except KeyError:
            raise ValueError
    """)
    assert observation.detail == "ValueError: "


COMPILER = """
    class CompileError(Exception):
        pass

    raise CompileError({text!r})
"""


def test_a_compiler_that_refuses_is_a_compile_error(seen: Callable[..., Observation]) -> None:
    observation = seen(COMPILER.format(text="catalyst failed with error code 1: Enzyme: failed to deduce type"))
    assert observation.outcome is Outcome.COMPILE_ERROR
    assert observation.signal is None
    assert "failed to deduce type" in observation.detail


def test_a_compiler_that_aborts_is_a_crash_by_the_name_of_its_signal(seen: Callable[..., Observation]) -> None:
    observation = seen(COMPILER.format(text="catalyst failed with error code -6: Assertion `x' failed."))
    assert (observation.outcome, observation.signal) == (Outcome.CRASH, "SIGABRT")
    assert observation.exception is not None
    assert observation.exception.endswith("CompileError")
    assert "compiler aborted by SIGABRT" in observation.detail


def test_the_text_of_a_failure_is_kept_beyond_what_is_shown_of_it(seen: Callable[..., Observation]) -> None:
    """A compiler dumps its whole program before it says what is wrong."""
    dump = "%0 = quantum.alloc\n" * 1000
    observation = seen(COMPILER.format(text=f"failed with error code 1: {dump}Enzyme: failed to deduce type\n{dump}"))
    assert len(observation.detail) <= 400
    assert "Enzyme: failed to deduce type" in observation.text


def test_the_same_text_in_an_ordinary_exception_is_no_compiler_abort(seen: Callable[..., Observation]) -> None:
    assert seen("raise RuntimeError('catalyst failed with error code -6')").outcome is Outcome.ERROR


def test_a_bare_exit_status_is_an_error(seen: Callable[..., Observation]) -> None:
    observation = seen("raise SystemExit(3)")
    assert observation.outcome is Outcome.ERROR
    assert "exit status 3" in observation.detail


def test_a_run_over_its_time_limit_is_a_hang(seen: Callable[..., Observation]) -> None:
    assert seen("import time; time.sleep(600)", timeout_s=0.5).outcome is Outcome.HANG


def test_a_run_over_its_memory_limit_is_a_crash_that_says_so(seen: Callable[..., Observation]) -> None:
    observation = seen("import time; x = b'x' * (400 << 20); time.sleep(600)", memory_mib=128)
    assert observation.outcome is Outcome.CRASH
    assert "memory" in observation.detail
    assert observation.signal is None, "no signal of the system's own"


def test_the_last_lines_of_stderr_are_kept(seen: Callable[..., Observation]) -> None:
    observation = seen("""
        import os, sys
        for number in range(1000):
            print("line", number, file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
    """)
    assert observation.stderr_tail[-1] == "line 999"
    assert len(observation.stderr_tail) == 20


def end_with(stdout: str) -> ProcessEnd:
    return ProcessEnd(returncode=0, stdout=stdout, stderr="", seconds=0.1, peak_memory=0)


RESULT = {"outcome": "ok", "observed": 1.0, "expected": 1.0, "error": 0.0, "tolerance": 0.0}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"outcome": "fine"}, "not one of the known"),
        ({"error": 1.0}, "says ok, but its error"),
        ({"error": "nan"}, "says ok, but its error"),
        ({"outcome": "wrong-value"}, "within its tolerance"),
        ({"error": "small"}, "neither a number"),
        ({"error": -1.0}, "neither a number"),
        ({"error": True}, "neither a number"),
        ({"tolerance": -1.0}, "not a number >= 0"),
        ({"tolerance": None}, "not a number >= 0"),
        ({"detail": 3}, "not a text"),
        ({"oracle": "numpy"}, "unknown keys oracle"),
    ],
)
def test_a_result_that_contradicts_its_contract_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(MalfunctionError, match=complaint):
        observe(end_with(json.dumps({**RESULT, **changes})))


@pytest.mark.parametrize("key", sorted(RESULT))
def test_a_result_that_lacks_a_key_is_refused(key: str) -> None:
    with pytest.raises(MalfunctionError, match=f"lacks {key}"):
        observe(end_with(json.dumps({name: value for name, value in RESULT.items() if name != key})))


#: What Python's json writes, and reads back, for floats that are not finite.
ANY_FLOAT = st.floats() | st.sampled_from([float("nan"), float("inf"), float("-inf")])
ANY_VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers() | ANY_FLOAT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def told(value: object) -> object:
    """The oracle: the value with what JSON lacks written out, and lone surrogates replaced."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, str):
        return "".join("?" if "\ud800" <= character <= "\udfff" else character for character in value)
    if isinstance(value, list):
        return [told(one) for one in value]
    if isinstance(value, dict):
        return {told(key): told(one) for key, one in value.items()}
    return value


@pytest.mark.parametrize("error", [float("nan"), float("inf"), "nan", "inf"])
@pytest.mark.parametrize("outcome", ["wrong-value", "wrong-gradient", "silent-fallback"])
def test_a_result_that_is_not_finite_is_an_observation(error: float | str, outcome: str) -> None:
    line = json.dumps({**RESULT, "outcome": outcome, "error": error, "observed": [float("nan"), 1.0]})
    seen = observe(end_with(line))
    assert str(seen.outcome) == outcome
    assert seen.error == str(error)
    assert seen.observed == ["nan", 1.0]


def test_a_number_beyond_double_precision_is_infinite() -> None:
    line = json.dumps({**RESULT, "outcome": "wrong-value"}).replace('"error": 0.0', '"error": 1e999')
    assert observe(end_with(line)).error == "inf"


@given(observed=ANY_VALUES, expected=ANY_VALUES)
def test_whatever_values_a_finding_prints_are_kept_in_a_form_that_every_document_can_hold(
    observed: object, expected: object
) -> None:
    seen = observe(end_with(json.dumps({**RESULT, "observed": observed, "expected": expected})))
    assert (seen.observed, seen.expected) == (told(observed), told(expected))
    document = json.dumps(seen.as_dict(), allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert Observation.from_dict(json.loads(document)) == seen


@given(
    error=st.floats(min_value=0, allow_infinity=False, allow_nan=False),
    tolerance=st.floats(min_value=0, allow_infinity=False, allow_nan=False),
)
def test_ok_and_wrong_are_accepted_exactly_on_their_side_of_the_tolerance(error: float, tolerance: float) -> None:
    accepted = set()
    for outcome in ("ok", "wrong-gradient"):
        line = json.dumps({**RESULT, "outcome": outcome, "error": error, "tolerance": tolerance})
        try:
            accepted.add(str(observe(end_with(line)).outcome))
        except MalfunctionError:
            continue
    assert accepted == {"ok" if error <= tolerance else "wrong-gradient"}


@given(st.builds(
    Observation,
    outcome=st.sampled_from(Outcome),
    detail=st.text(),
    seconds=st.floats(0, 100),
    peak_memory=st.integers(0, 1 << 40),
    observed=st.none() | st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    error=st.none() | st.floats(0, 1) | st.sampled_from(["nan", "inf"]),
    signal=st.none() | st.just("SIGSEGV"),
    stderr_tail=st.lists(st.text()).map(tuple),
))  # fmt: skip
def test_an_observation_survives_being_stored(observation: Observation) -> None:
    assert Observation.from_dict(json.loads(json.dumps(observation.as_dict()))) == observation


GROUP = """
def deep():
    raise ExceptionGroup("many things", [ValueError("a\\nb"), ExceptionGroup("inner", [TypeError("t")])])

try:
    {}["x"]
except KeyError:
    deep()
"""


def test_an_uncaught_group_of_exceptions_is_an_error_with_its_type_and_all_texts(
    seen: Callable[..., Observation],
) -> None:
    observation = seen(GROUP)
    assert (observation.outcome, observation.exception) == (Outcome.ERROR, "ExceptionGroup")
    parts = "ValueError: a b ExceptionGroup: inner (1 sub-exception) TypeError: t"
    assert observation.detail == f"ExceptionGroup: many things (2 sub-exceptions) {parts}"
    assert "deep()" not in observation.text, "frames are none of it"


def test_an_exception_after_a_caught_group_is_the_one_that_counts(seen: Callable[..., Observation]) -> None:
    caught = "try:\n    raise ExceptionGroup('many', [ValueError('a')])\nexcept* ValueError:\n    raise KeyError('k')\n"
    observation = seen(caught.replace("except*", "except").replace("except ValueError", "except ExceptionGroup"))
    assert (observation.exception, observation.detail) == ("KeyError", "KeyError: 'k'")
