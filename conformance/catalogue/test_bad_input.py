"""Finding files that misbehave: each is one clear line in the report, and the other findings still run."""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue.toys import OK, WRONG_GRADIENT, alive, documented, write_finding

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


def test_text_that_would_drive_a_terminal_is_shown_harmlessly(sharpbits: Run, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    write_finding(folder, "escapes", r"raise ValueError('\x1b[2J\x1b]0;title\x07 [red]boom[/red]')")
    ended = sharpbits("check", "--findings", folder, "--junit", tmp_path / "junit.xml")
    assert "\x1b" not in ended.stdout
    assert "\x07" not in ended.stdout
    assert "[red]boom[/red]" in ended.stdout, "and nothing of it is taken for markup"
    assert "\x1b" not in (tmp_path / "junit.xml").read_text()
