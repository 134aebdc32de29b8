"""The pytest plugin: the same verdicts as ``sharpbits check``, as passed, failed and skipped tests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import OK, WRONG_GRADIENT, documented, write_finding

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose findings show every verdict."""
    pytester.makeini("[pytest]\nsharpbits_findings = findings\n")
    folder = pytester.path / "findings"
    write_finding(folder, "wrong", WRONG_GRADIENT, expect=documented("wrong-gradient"))
    write_finding(folder, "crashes", "import os; os.abort()", expect=documented("crash"))
    write_finding(folder, "fine", OK, expect=documented("ok"))
    write_finding(folder, "regressed", WRONG_GRADIENT, expect=documented("ok"))
    write_finding(folder, "fixed", OK, expect=documented("wrong-value", match="x"))
    write_finding(folder, "elsewhere", OK, requires=["package:no-such-package"])
    write_finding(folder, "mute", "pass")
    write_finding(folder, "unreadable", "def f(:")
    return pytester


def test_documented_findings_pass_changed_ones_fail_and_absent_requirements_skip(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=3, failed=4, skipped=1)


def test_passed_findings_are_shown_by_their_verdict(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-rA")
    result.stdout.fnmatch_lines_random(
        [
            "BITES findings/toy/wrong.py::behaves_as_documented",
            "BITES findings/toy/crashes.py::behaves_as_documented",
            "CLEAR findings/toy/fine.py::behaves_as_documented",
            "*sharpbits: 2 bites, 1 broken, 2 changed, 1 clear, 1 not applicable*",
        ]
    )


def test_a_failure_says_what_was_expected_what_was_seen_since_when_and_what_to_do(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("findings/toy/regressed.py")
    result.stdout.fnmatch_lines(
        ["*bites now: documented ok, saw wrong-gradient*documented on 3.11.0*add an expectation row*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_skip_names_what_is_absent(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-rs")
    result.stdout.fnmatch_lines(["SKIPPED*no-such-package is not installed"])


def test_an_unreadable_file_fails_alone_with_its_line(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-k", "unreadable or fine")
    result.assert_outcomes(passed=1, failed=1, deselected=6)
    result.stdout.fnmatch_lines(["*unreadable.py:*not a valid finding file*"])


def test_files_outside_the_configured_folders_are_not_findings(pytester: pytest.Pytester) -> None:
    write_finding(pytester.path / "findings", "wrong", WRONG_GRADIENT)
    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_finding_is_selected_by_a_part_of_its_path(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("-k", "crashes").assert_outcomes(passed=1, deselected=7)


def test_an_expected_crash_is_a_pass_and_ends_no_xdist_worker(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-n", "2", "-rA")
    result.assert_outcomes(passed=3, failed=4, skipped=1)
    result.stdout.fnmatch_lines_random(["BITES findings/toy/crashes.py::*", "*sharpbits: 2 bites*"])
    result.stdout.no_fnmatch_line("*worker*crashed*")


def test_stale_expectations_are_warned_of_once(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsharpbits_findings = findings\n")
    rows = [{"when": "jax>=99", "outcome": "error", "seen": ["99"]}]
    write_finding(pytester.path / "findings", "stale", expect=rows, instead="sharpbits.nowhere.train")
    for arguments in ([], ["-n", "2"]):
        result = pytester.runpytest_subprocess(*arguments)
        result.stdout.fnmatch_lines(
            ["*StaleExpectationWarning: toy/stale: row 1: no release of jax satisfies >=99*"], consecutive=False
        )
        warned = [line for line in result.stdout.lines if "sharpbits.nowhere.train" in line]
        assert len(warned) == 1, "one worker speaks for all"


def test_another_interpreter_runs_the_findings(project: pytest.Pytester, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    body = "import sys\nassert 'bare' in sys.prefix, sys.prefix\n" + OK
    write_finding(project.path / "findings", "alone", body)
    bare = tmp_path / "bare" / "bin" / "python"
    project.runpytest_subprocess("-k", "alone", f"--sharpbits-python={bare}").assert_outcomes(passed=1, deselected=8)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["serial", "two_workers"])
def test_pytest_agrees_with_check_finding_by_finding(
    project: pytest.Pytester, sharpbits: Run, workers: list[str]
) -> None:
    report = json.loads(sharpbits("check", "--findings", project.path / "findings", "--json").stdout)
    verdicts = {entry["id"]: entry["verdict"] for entry in report["findings"]}
    verdicts |= {f"toy/{Path(one['path']).stem}": "broken" for one in report["broken_files"]}
    as_test = {"bites": "BITES", "clear": "CLEAR", "changed": "FAILED", "broken": "FAILED"}
    lines = project.runpytest_subprocess("-rA", *workers).stdout.lines
    for name, verdict in verdicts.items():
        if verdict != "not applicable":
            path = f"findings/{name}.py::behaves_as_documented"
            assert any(line.startswith(f"{as_test[verdict]} {path}") for line in lines), (name, verdict)
    assert sum(line.startswith("SKIPPED") for line in lines) == 1


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["serial", "two_workers"])
@pytest.mark.parametrize(
    "named",
    [
        "elsewhere/toy/kills.py",
        "elsewhere/toy/kills.py::behaves_as_documented",
        "elsewhere",
        "elsewhere --doctest-modules",
    ],
)
def test_a_finding_is_never_imported_into_pytest_however_it_is_named(
    pytester: pytest.Pytester, named: str, workers: list[str]
) -> None:
    pytester.makeini("[pytest]\n")
    folder = pytester.path / "elsewhere"
    write_finding(folder, "kills", "import os; os.kill(os.getpid(), 11)", expect=documented("crash"))
    if "kills" not in named:
        pytester.makeini("[pytest]\nsharpbits_findings = elsewhere\n")
        write_finding(folder, "leaves", "import os; os._exit(0)")
    result = pytester.runpytest_subprocess(*named.split(), *workers)
    # Exit status 0 without a result is a malfunction, not a green run.
    result.assert_outcomes(passed=1, failed=0 if "kills" in named else 1)


def test_a_test_that_quotes_a_finding_stays_a_test(pytester: pytest.Pytester) -> None:
    quoted = 'TEXT = """\\\n    # /// script\n    # [tool.sharpbits]\n    # ///\n"""\ndef test_it(): pass'
    pytester.makepyfile(test_quotes=quoted)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["serial", "two_workers"])
def test_a_folder_outside_the_project_is_collected_where_nothing_was_named(
    pytester: pytest.Pytester, workers: list[str]
) -> None:
    write_finding(pytester.path / "findings", "fine", OK, expect=documented("ok"))
    inside = pytester.mkdir("project")
    (inside / "pytest.ini").write_text("[pytest]\nsharpbits_findings = ../findings\ntestpaths = .\n")
    (inside / "test_own.py").write_text("def test_own(): pass\n")
    os.chdir(inside)
    pytester.runpytest_subprocess(*workers).assert_outcomes(passed=2)
    pytester.runpytest_subprocess("test_own.py", *workers).assert_outcomes(passed=1)


def test_a_folder_that_does_not_exist_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsharpbits_findings = nowhere\n")
    refused = pytester.runpytest_subprocess()
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*sharpbits_findings names *nowhere, which is no folder"])


def test_a_project_that_turns_warnings_into_errors_gets_the_same_verdicts(pytester: pytest.Pytester) -> None:
    # An editable install of sharpbits is an import hook, which pytest warns of before any plugin is loaded.
    own = "ignore:Module already imported so cannot be rewritten; _editable:pytest.PytestAssertRewriteWarning"
    pytester.makeini(f"[pytest]\nsharpbits_findings = findings\nfilterwarnings =\n  error\n  {own}\n")
    folder = pytester.path / "findings"
    stale = [*documented("ok"), {"when": "jax>=99", "outcome": ["ok"], "seen": ["99.0"]}]
    write_finding(folder, "stale", OK, expect=stale, see=["toy/nowhere"])
    write_finding(folder, "escape", "PATTERN = '\\d'\n" + OK)
    write_finding(folder, "nested_set", OK, expect=documented("error", "ok", match="[[a-z]--b]"))
    write_finding(folder, "regressed", WRONG_GRADIENT, expect=documented("ok"))
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-rA")
    result.assert_outcomes(passed=3, failed=1, warnings=3)
    result.stdout.fnmatch_lines(["*see names toy/nowhere*"])


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["serial", "two_workers"])
def test_whatever_a_finding_prints_and_is_called_is_data(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makeini("[pytest]\nsharpbits_findings = findings\n")
    folder = pytester.path / "findings"
    write_finding(folder, "fine", OK, expect=documented("ok"))
    write_finding(folder, "red", "raise ValueError('\\x1b[31mred\\x07\\udcff')")
    for name in (b"bad\xff.py", b"two\nlines.py"):
        Path(os.fsdecode(os.fsencode(folder / "toy") + b"/" + name)).write_text("1")
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--color=no", *workers)
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines_random(["*bad\\xff.py*not a valid finding*", "*two\\nlines.py*not a valid finding*"])
    assert "ValueError: red" in result.stdout.str()
    assert not {"\x1b", "\x07"} & set(result.stdout.str())
