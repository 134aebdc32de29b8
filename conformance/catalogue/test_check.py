"""The command line, run as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from catalogue.programs import ignoring_signals, killed_at_the_end, obeying_signals, wait_for
from catalogue.toys import (
    OK,
    WRONG_GRADIENT,
    alive,
    command_line,
    documented,
    private_cache,
    write_finding,
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue with one finding of each verdict that is as documented."""
    folder = tmp_path / "findings"
    write_finding(folder, "crashes", "import os; os.abort()", expect=documented("crash"), workaround="use B")
    write_finding(folder, "wrong", WRONG_GRADIENT, expect=documented("wrong-gradient"), workaround="use A")
    write_finding(folder, "fine", OK, component="other", expect=documented("ok"))
    write_finding(folder, "elsewhere", OK, component="other", requires=["package:no-such-package"])
    return folder


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({}, 0),
        ({"body": WRONG_GRADIENT}, 1),
        ({"body": OK, "expect": documented("crash")}, 1),
        ({"body": "print('no result')"}, 1),
        ({"body": "def f(:"}, 1),
    ],
    ids=["as_documented", "bites_now", "no_longer_bites", "broken_run", "broken_file"],
)
def test_the_exit_status_tells_whether_every_finding_behaves_as_documented(
    sharpbits: Run, folder: Path, extra: dict[str, object], status: int
) -> None:
    if extra:
        write_finding(folder, "extra", **extra)  # type: ignore[arg-type]
    assert sharpbits("check", "--findings", folder).returncode == status


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "-k", "nothing_like_it"],
        ["check", "-k", "and and"],
        ["check", "--component", "absent"],
        ["check", "--findings", "no/such/folder"],
        ["check", "--python", "no/such/python"],
        ["check", "--output", "no/such/folder/report.json"],
        ["check", "--junit", "."],
        ["check", "--no-such-option"],
        ["check", "--jobs", "-1"],
        ["show", "no_such_finding"],
        ["repro", "no_such_finding"],
        ["no_such_command"],
    ],
    ids=" ".join,
)
def test_a_usage_error_has_exit_status_two_and_says_what_to_do(
    sharpbits: Run, folder: Path, arguments: list[str]
) -> None:
    if "--findings" not in arguments and arguments[0] in ("check", "show", "repro"):
        arguments = [*arguments, "--findings", str(folder)]
    ended = sharpbits(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "resolution:" in ended.stderr or "--help" in ended.stderr
    assert ended.stdout == ""


def test_the_table_lists_the_worst_first_one_line_each(sharpbits: Run, folder: Path) -> None:
    write_finding(folder, "hangs", "import time; time.sleep(60)", timeout_s=0.5, expect=documented("hang"))
    write_finding(folder, "raises", "1 / 0", expect=documented("error"))
    flaky = "import os, random\nif os.getpid() % 2: os.abort()\n" + OK
    write_finding(folder, "flaky", flaky, repeats=20, expect=documented("nondeterministic"))
    ended = sharpbits("check", "--findings", folder)
    assert ended.returncode == 0, ended.stdout
    slugs = ["wrong", "crashes", "hangs", "raises", "fine"]
    lines = [next(n for n, line in enumerate(ended.stdout.splitlines()) if f"what {slug} " in line) for slug in slugs]
    assert lines == sorted(lines)
    wrong = ended.stdout.splitlines()[lines[0]]
    for part in ("bites", "toy", "wrong-gradient", "3.11.0", "use A"):
        assert part in wrong, "verdict, component, what happens, since when, what instead: on one line"
    assert "5 bites · 1 clear" in ended.stdout
    assert "1 silently wrong" in ended.stdout


def test_the_json_document_holds_what_was_seen_and_where(sharpbits: Run, folder: Path) -> None:
    ended = sharpbits("check", "--findings", folder, "--json")
    report = json.loads(ended.stdout)
    assert report["counts"] == {"bites": 2, "clear": 1, "changed": 0, "not applicable": 1, "broken": 0}
    assert report["environment"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert [entry["id"] for entry in report["findings"]] == [
        "toy/wrong", "toy/crashes", "other/fine", "other/elsewhere",
    ]  # fmt: skip
    wrong, crashes, _, elsewhere = report["findings"]
    assert wrong["severity"] == "silently wrong"
    assert (wrong["observations"][0]["observed"], wrong["observations"][0]["expected"]) == ([0.5], [1.0])
    assert crashes["observations"][0]["signal"] == "SIGABRT"
    assert elsewhere["message"] == "no-such-package is not installed"


def test_the_written_json_is_the_printed_one(sharpbits: Run, folder: Path, tmp_path: Path) -> None:
    ended = sharpbits("check", "--findings", folder, "--json", "--output", tmp_path / "report.json")
    assert (tmp_path / "report.json").read_text() == ended.stdout


def test_the_junit_file_fails_what_changed_and_skips_what_cannot_run(
    sharpbits: Run, folder: Path, tmp_path: Path
) -> None:
    write_finding(folder, "changed", WRONG_GRADIENT)
    write_finding(folder, "broken", "print('no result')")
    write_finding(folder, "unreadable", "def f(:")
    sharpbits("check", "--findings", folder, "--junit", tmp_path / "junit.xml")
    # Oracle: another package reads the file.
    cases = {case.name: case for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml")) for case in suite}
    kinds = {name: [type(result) for result in case.result] for name, case in cases.items()}
    assert kinds == {
        "wrong": [], "crashes": [], "fine": [], "elsewhere": [Skipped],
        "changed": [Failure], "broken": [Error], "unreadable": [Error],
    }  # fmt: skip


def test_results_are_reused_until_fresh_is_asked_for(sharpbits: Run, folder: Path) -> None:
    def cached(*arguments: str) -> list[bool]:
        report = json.loads(sharpbits("check", "--findings", folder, "--json", *arguments).stdout)
        return [entry["cached"] for entry in report["findings"] if entry["verdict"] != "not applicable"]

    assert cached() == [False] * 3
    assert cached() == [True] * 3
    assert cached("--fresh") == [False] * 3


def test_listing_runs_nothing(sharpbits: Run, folder: Path, tmp_path: Path) -> None:
    ended = sharpbits("check", "--findings", folder, "--list")
    listed = [line.split()[0] for line in ended.stdout.splitlines()]
    assert listed == ["other/elsewhere", "other/fine", "toy/crashes", "toy/wrong"]
    assert not (tmp_path / "cache").exists()


def test_component_and_expression_narrow_the_run(sharpbits: Run, folder: Path) -> None:
    for arguments in (["--component", "toy"], ["-k", "crashes or wrong"], ["-k", "not other/"]):
        report = json.loads(sharpbits("check", "--findings", folder, "--json", *arguments).stdout)
        assert [entry["id"] for entry in report["findings"]] == ["toy/wrong", "toy/crashes"]


def test_show_tells_everything_about_one_finding(sharpbits: Run, folder: Path) -> None:
    before = sharpbits("show", "wrong", "--findings", folder)
    assert "not run on this stack yet" in before.stdout
    sharpbits("check", "--findings", folder, "-k", "wrong")
    after = sharpbits("show", "toy/wrong", "--findings", folder)
    for part in ("A made-up finding.", "closed form", "use A", "python>=3.11: wrong-gradient", "bites", "[0.5]"):
        assert part in after.stdout


def test_a_family_takes_one_line_unless_all_is_asked_for(sharpbits: Run, folder: Path) -> None:
    for slug in ("face_one", "face_two"):
        write_finding(folder, slug, WRONG_GRADIENT, expect=documented("wrong-gradient"), family="two_faced")
    arguments = ("check", "--findings", folder, "-k", "face_")
    short, whole = sharpbits(*arguments).stdout, sharpbits(*arguments, "--all").stdout
    assert "what face_one shows (+1 face)" in short
    assert "what face_two shows" not in short
    assert "what face_one shows " in whole
    assert "what face_two shows " in whole
    for text in (short, whole):
        assert text.count("2 bites") == 2, "counts are of findings, first and last"
    assert "toy/face_two: what face_two shows" in sharpbits("show", "face_one", "--findings", folder).stdout


def test_repro_prints_the_file_as_it_is(sharpbits: Run, folder: Path) -> None:
    assert sharpbits("repro", "wrong", "--findings", folder).stdout == (folder / "toy" / "wrong.py").read_text()


def test_an_interpreter_without_sharpbits_runs_the_same_files(sharpbits: Run, folder: Path, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    body = "import importlib.util\nassert importlib.util.find_spec('sharpbits') is None\n" + OK
    write_finding(folder, "alone", body)
    bare = tmp_path / "bare" / "bin" / "python"
    report = json.loads(sharpbits("check", "--findings", folder, "--json", "--python", bare).stdout)
    assert report["environment"]["packages"] == {}
    assert {entry["id"]: entry["verdict"] for entry in report["findings"]}["toy/alone"] == "clear"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_was_ignored_from_the_start_does_not_interrupt_a_run(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "findings"
    started, go_on = tmp_path / "started", tmp_path / "go_on"
    body = (
        "import os, time\n"
        f"open({str(started)!r}, 'w').close()\n"
        f"while not os.path.exists({str(go_on)!r}):\n    time.sleep(0.05)\n"
    )
    write_finding(folder, "waits", body + OK)
    program = subprocess.Popen(
        ignoring_signals(command_line(["check", "--findings", folder])),
        env={**os.environ, **private_cache(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with killed_at_the_end(program):
        wait_for(started.exists)
        program.send_signal(number)
        go_on.touch()
        stdout, stderr = program.communicate(timeout=60)
    assert program.returncode == 0, stderr
    assert "1 clear" in stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_kills_every_child_and_still_reports_what_was_finished(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "a_quick", WRONG_GRADIENT, expect=documented("wrong-gradient"))
    for slug in ("b_slow", "c_slow", "d_slow"):
        pid_file = str(tmp_path / f"{slug}.pid")
        write_finding(
            folder, slug, f"import os, time\nopen({pid_file!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
        )
    output, junit, complete = tmp_path / "report.json", tmp_path / "junit.xml", tmp_path / "complete.html"
    complete.write_text("of an earlier run")
    program = subprocess.Popen(
        obeying_signals(
            command_line(
                ["check", "--findings", folder, "--jobs", "2", "--output", output, "--junit", junit, "--html", complete]
            )
        ),
        env={**os.environ, **private_cache(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with killed_at_the_end(program):
        wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        program.send_signal(number)
        stdout, stderr = program.communicate(timeout=30)
    assert program.returncode == 130
    assert "wrong-gradient" in stdout, "what was finished is printed"
    assert "3 of 4 findings did not finish" in stderr
    report = json.loads(output.read_text())
    assert report["interrupted"] is True
    assert [entry["id"] for entry in report["findings"]] == ["toy/a_quick"], "and written"
    errors = [case for suite in JUnitXml.fromfile(str(junit)) for case in suite if any(case.result)]
    assert ["interrupted" in case.result[0].message for case in errors] == [True], "no reader takes it for the whole"
    assert complete.read_text() == "of an earlier run", "which was complete"
    assert "The run was interrupted" in (tmp_path / "complete.partial.html").read_text()
    pids = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2, "the third was never started"
    assert not any(alive(pid) for pid in pids), "nothing is left running"


@pytest.mark.parametrize(
    "numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,) * 5], ids=str
)
def test_a_second_signal_makes_haste_and_what_was_finished_is_still_reported(
    tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "a_quick", WRONG_GRADIENT, expect=documented("wrong-gradient"))
    pid_file = tmp_path / "pid"
    stubborn = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    write_finding(folder, "b_stubborn", stubborn)
    output = tmp_path / "report.json"
    program = subprocess.Popen(
        obeying_signals(command_line(["check", "--findings", folder, "--jobs", "1", "--output", output])),
        env={**os.environ, **private_cache(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with killed_at_the_end(program):
        wait_for(lambda: pid_file.exists() and bool(pid_file.read_text()))
        for number in numbers:
            program.send_signal(number)
            time.sleep(0.1)
        stdout, stderr = program.communicate(timeout=30)
    assert program.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "wrong-gradient" in stdout
    assert [entry["id"] for entry in json.loads(output.read_text())["findings"]] == ["toy/a_quick"]
    assert not alive(int(pid_file.read_text()))


def test_an_interpreter_may_be_given_by_a_relative_path_or_by_name(folder: Path, tmp_path: Path) -> None:
    # Findings run in a folder of their own, where a relative path leads nowhere.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "snake").symlink_to(sys.executable)
    variables = {**os.environ, **private_cache(tmp_path), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    for given in ("bin/snake", "./bin/snake", "../" + tmp_path.name + "/bin/snake", "snake"):
        ended = subprocess.run(
            command_line(["check", "--findings", folder, "--python", given, "--json", "-k", "wrong"]),
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, (given, ended.stderr)
        assert json.loads(ended.stdout)["findings"][0]["verdict"] == "bites", given


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['sharpbits', '--help']\n"
        "import sharpbits.cli\n"
        "try:\n    sharpbits.cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'jax', 'torch', 'pennylane', 'numpy', 'pydantic', 'psutil', 'rich'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_findings_run_side_by_side(sharpbits: Run, tmp_path: Path) -> None:
    """Each waits for the other's file: only if both run at the same time do they end."""
    folder = tmp_path / "findings"
    for me, other in (("a", "b"), ("b", "a")):
        meet = (
            "import pathlib, time\n"
            f"pathlib.Path({str(tmp_path / me)!r}).touch()\n"
            f"while not pathlib.Path({str(tmp_path / other)!r}).exists(): time.sleep(0.05)\n"
        )
        write_finding(folder, me, meet + OK, timeout_s=30)
    assert sharpbits("check", "--findings", folder, "--jobs", "2").returncode == 0


def test_what_a_finding_documents_and_does_not_exist_is_said(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    rows = [{"when": "jax>=0.7", "outcome": ["ok"], "seen": ["0.7.99"]}]
    write_finding(folder, "stale", OK, expect=rows)
    ended = sharpbits("check", "--findings", folder)
    assert "stale: toy/stale: row 1: jax 0.7.99 was never released, but seen lists it" in ended.stderr


def test_a_finding_without_rows_that_bites_prints_the_row_to_paste(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "fresh", WRONG_GRADIENT)
    ended = sharpbits("check", "--findings", folder)
    row = re.search(r"add an expectation row: (expect = .*)$", ended.stdout, re.MULTILINE)
    assert row is not None, ended.stdout
    write_finding(folder, "fresh", WRONG_GRADIENT, expect=tomllib.loads(row[1])["expect"])
    assert "1 bites" in sharpbits("check", "--findings", folder).stdout


def test_since_is_not_told_of_what_does_not_apply(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    rows = documented("wrong-gradient")
    write_finding(folder, "absent", WRONG_GRADIENT, requires=["package:no-such-package"], expect=rows)
    ended = sharpbits("check", "--findings", folder, "--json")
    assert json.loads(ended.stdout)["findings"][0]["since"] is None
    assert "3.11.0" not in sharpbits("check", "--findings", folder).stdout


def test_an_empty_folder_shows_how_findings_are_laid_out(sharpbits: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = sharpbits("check", "--findings", tmp_path / "empty")
    assert ended.returncode == 2
    assert "FOLDER/COMPONENT/SLUG.py" in ended.stderr
