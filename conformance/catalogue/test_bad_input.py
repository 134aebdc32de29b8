"""Finding files that misbehave: each is one clear line in the report, and the other findings still run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue.toys import OK, WRONG_GRADIENT, alive, documented, write_finding
from sharpbits.catalogue import FindingFileError, load_finding

Run = Callable[..., subprocess.CompletedProcess[str]]

FORKS = """
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path({pid!r}).write_text(str(child.pid))
"""
IGNORES_SIGTERM = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"
FILLS_MEMORY = "import time\nhoard = []\nwhile True:\n    hoard.append(b'x' * (8 << 20)); time.sleep(0.01)\n"

CASES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    # slug: (body or whole file, further metadata, verdict, words of the line)
    "no_json": ("print('done')", {}, "broken", "not a JSON result"),
    "silent": ("pass", {}, "broken", "stdout is empty"),
    "two_results": (OK + WRONG_GRADIENT, {}, "broken", "printed 2 results"),
    "a_list": ("print('[1, 2]')", {}, "broken", "not a JSON object"),
    "nests_too_deep": ("print('[' * 100_000)", {}, "broken", "not a JSON result"),
    "ok_with_nan": (OK.replace('"error": 0.0', '"error": float("nan")'), {}, "broken", "says ok, but its error nan"),
    "huge_error": (OK.replace('"error": 0.0', '"error": 10**400'), {}, "broken", "neither a number >= 0"),
    "huge_tolerance": (OK.replace('"tolerance": 0.0', '"tolerance": 10**400'), {}, "broken", "not a number >= 0"),
    "nested_values": (OK.replace("1.0, ", 'json.loads("[" * 900 + "]" * 900), ', 1), {}, "broken", "nest more than"),
    "forgot_an_import": ("json.dumps({})", {}, "broken", "define the name, or import it"),
    "undeclared": ("import nowhere_to_be_found", {}, "broken", "among its dependencies"),
    "dumps_an_object": ("import json\nprint(json.dumps({'observed': object()}))", {}, "broken", "print plain numbers"),
    "prints_too_much": ("print('x' * (100 << 20))", {}, "broken", "more than 16 MiB"),
    "leaves_a_child": (FORKS + OK, {}, "broken", "left processes running"),
    "ignores_sigterm": (IGNORES_SIGTERM, {"timeout_s": 3.0}, "changed", "still running after"),
    "fills_memory": (FILLS_MEMORY, {"memory_mib": 128}, "changed", "GiB of memory, over its limit"),
}


@pytest.mark.parametrize("slug", CASES)
def test_a_finding_that_misbehaves_is_one_line_and_the_others_still_run(
    sharpbits: Run, tmp_path: Path, slug: str
) -> None:
    body, table, verdict, words = CASES[slug]
    folder, pid = tmp_path / "findings", tmp_path / "pid"
    write_finding(folder, slug, textwrap.dedent(body.replace("{pid!r}", repr(str(pid)))), **table)
    write_finding(folder, "well_behaved", WRONG_GRADIENT, expect=documented("wrong-gradient"))

    ended = sharpbits("check", "--findings", folder, "--output", tmp_path / "report.json")
    assert ended.returncode == 1, ended.stderr
    told = [line for line in ended.stdout.splitlines() if words in line]
    assert len(told) == 1, ended.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    verdicts = {entry["id"]: entry["verdict"] for entry in report["findings"]}
    assert verdicts == {f"toy/{slug}": verdict, "toy/well_behaved": "bites"}
    if pid.exists():
        assert not alive(int(pid.read_text())), "the child is not left running"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("print('hello')\n", "no inline script metadata", id="no_metadata"),
        pytest.param("\x00\x01\x02", "no inline script metadata", id="binary"),
        pytest.param(None, "not Python", id="not_python"),
    ],
)
def test_a_file_that_is_no_finding_is_one_line_with_its_place_and_the_others_still_run(
    sharpbits: Run, tmp_path: Path, content: str | None, words: str
) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "well_behaved")
    strange = write_finding(folder, "strange", "def f(:\n")
    if content is not None:
        strange.write_text(content)

    ended = sharpbits("check", "--findings", folder, "--output", tmp_path / "report.json")
    assert ended.returncode == 1, ended.stderr
    assert f"{strange}:" in ended.stdout
    assert len([line for line in ended.stdout.splitlines() if words in line]) == 1, ended.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert [entry["verdict"] for entry in report["findings"]] == ["clear"]
    assert [Path(one["path"]).stem for one in report["broken_files"]] == ["strange"]
    assert report["counts"]["broken"] == 1


DEEP = "-" * 200_000 + "1\n"


def place_obstacle(kind: str, folder: Path) -> str:
    """Put something under a finding's name; return how its name is shown."""
    path = folder / "toy" / f"{kind}.py"
    match kind:
        case "deep_expression":
            write_finding(folder, kind, DEEP)
        case "deep_parentheses":
            write_finding(folder, kind, "(" * 5000 + "1" + ")" * 5000)
        case "deep_metadata":
            write_finding(folder, kind)
            path.write_text(path.read_text().replace("dependencies = []", "dependencies = " + "[" * 5000))
        case "huge_integer":
            write_finding(folder, kind)
            path.write_text(path.read_text().replace("dependencies = []", "dependencies = " + "9" * 5000))
        case "name_not_utf8":
            write_finding(folder, kind).rename(os.fsdecode(bytes(folder / "toy") + b"/\xff.py"))
            return "\\xff.py"
        case "name_of_two_lines":
            write_finding(folder, kind).rename(folder / "toy" / "two\nlines.py")
            return "two\\nlines.py"
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "socket":
            # Its name is bound from where it lies: a socket's whole path must be short.
            there = os.open(path.parent, os.O_PATH)
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(f"/proc/self/fd/{there}/{path.name}")
            os.close(there)
        case "link_to_nothing":
            path.symlink_to(folder / "nowhere")
        case "link_to_itself":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "too_large":
            with path.open("wb") as stream:
                stream.truncate(1 << 40)
    return f"{kind}.py"


OBSTACLES = (
    "deep_expression",
    "deep_parentheses",
    "deep_metadata",
    "huge_integer",
    "name_not_utf8",
    "name_of_two_lines",
    "pipe",
    "folder",
    "socket",
    "link_to_nothing",
    "link_to_itself",
    "device",
    "too_large",
)


def test_what_lies_in_the_place_of_a_finding_is_one_line_each_and_the_others_still_run(
    sharpbits: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "well_behaved")
    names = [place_obstacle(kind, folder) for kind in OBSTACLES]

    reports = [f"--{kind}={tmp_path / kind}" for kind in ("output", "junit", "html")]
    ended = sharpbits("check", "--findings", folder, *reports)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.strip() == ""
    for name in names:
        told = [line for line in ended.stdout.splitlines() if f"/{name}:" in line]
        assert len(told) == 1, ended.stdout
        assert told[0].startswith("broken ")
        assert name.removesuffix(".py") in (tmp_path / "junit").read_text()
    report = json.loads((tmp_path / "output").read_text())
    assert [entry["verdict"] for entry in report["findings"]] == ["clear"]
    assert sorted(Path(one["path"]).name for one in report["broken_files"]) == sorted(names)


def test_the_plugin_fails_what_lies_in_the_place_of_a_finding_and_runs_the_others(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "findings"
    write_finding(folder, "well_behaved")
    names = [place_obstacle(kind, folder) for kind in OBSTACLES]
    pytester.makeini("[pytest]\nsharpbits_findings = findings\n")
    ended = pytester.runpytest_subprocess("-p", "no:randomly", "-rA", timeout=60)
    ended.assert_outcomes(passed=1, failed=len(names))
    failed = [line for line in ended.outlines if line.startswith("FAILED ")]
    for name in names:
        assert len([line for line in failed if f"/{name}::" in line]) == 1, failed


def test_a_file_that_may_not_be_read_is_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_finding(tmp_path, "secret")

    def refuse(*arguments: object, **options: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)  # no file is unreadable to root
    with pytest.raises(FindingFileError, match="cannot be read: Permission denied"):
        load_finding(path)


def test_text_that_would_drive_a_terminal_is_shown_harmlessly(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "escapes", r"raise ValueError('\x1b[2J\x1b]0;title\x07 [red]boom[/red]')")
    ended = sharpbits("check", "--findings", folder, "--junit", tmp_path / "junit.xml")
    assert "\x1b" not in ended.stdout
    assert "\x07" not in ended.stdout
    assert "[red]boom[/red]" in ended.stdout, "and nothing of it is taken for markup"
    assert "\x1b" not in (tmp_path / "junit.xml").read_text()


def test_who_turns_warnings_into_errors_gets_the_same_verdicts(sharpbits: Run, tmp_path: Path) -> None:
    write_finding(tmp_path / "findings", "escape", "PATTERN = '\\d'\n" + WRONG_GRADIENT)
    ended = sharpbits("check", "--findings", tmp_path / "findings", PYTHONWARNINGS="error")
    assert ended.returncode == 1, "the finding's own process heeds the variable, as it would in a shell"
    assert "Traceback" not in ended.stderr
