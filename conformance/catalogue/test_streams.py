"""What becomes of the output changes nothing of what a run finds out: closed, broken, full, or of another encoding."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import WRONG_GRADIENT, command_line, private_cache, write_finding

Run = Callable[..., subprocess.CompletedProcess[str]]
TITLE = "\x1b[31mr\u00f6d\x1b[0m \u2192 \u4e2d"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One finding that changed, so that the exit status is 1."""
    write_finding(tmp_path / "findings", "changed", WRONG_GRADIENT, title=TITLE)
    return tmp_path / "findings"


def in_shell(tmp_path: Path, redirection: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}', "bash", *command_line(arguments)],
        env={**os.environ, **private_cache(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["ascii", "latin1", "cp1252", "locale_c"],
)
def test_characters_that_cannot_be_written_are_replaced_and_the_exit_status_stays(
    tmp_path: Path, folder: Path, variables: dict[str, str]
) -> None:
    ended = subprocess.run(
        command_line(["check", "--findings", folder]),
        env={**os.environ, **private_cache(tmp_path), **variables},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert b"changed toy/changed" in ended.stdout
    assert "\u4e2d".encode() not in ended.stdout
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-", "| head -c 1"])
def test_streams_that_are_closed_or_that_nobody_reads_leave_the_exit_status_and_no_traceback(
    tmp_path: Path, folder: Path, redirection: str
) -> None:
    ended = in_shell(tmp_path, redirection, "check", "--findings", folder, "-o", tmp_path / "report.json")
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Error" not in ended.stderr
    assert json.loads((tmp_path / "report.json").read_text())["counts"]["changed"] == 1


def test_output_that_finds_no_place_is_told_and_makes_the_exit_status_2(tmp_path: Path, folder: Path) -> None:
    ended = in_shell(tmp_path, "> /dev/full", "check", "--list", "--findings", folder)
    assert ended.returncode == 2
    assert ended.stderr == "sharpbits: the output could not be written: No space left on device\n"


@pytest.mark.parametrize("columns", ["0", "-5", "wide", "9" * 5000])
def test_a_width_that_is_none_shows_the_table_all_the_same(sharpbits: Run, folder: Path, columns: str) -> None:
    ended = sharpbits("check", "--findings", folder, COLUMNS=columns)
    assert ended.returncode == 1, ended.stderr
    assert "check again with --fresh, see below" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) < 2000


def test_a_list_is_harmless_to_a_terminal_and_can_be_json(sharpbits: Run, folder: Path, tmp_path: Path) -> None:
    assert sharpbits("check", "--list", "--findings", folder).stdout == "toy/changed  r\u00f6d \u2192 \u4e2d\n"
    (folder / "toy" / "broken.py").write_text("")
    ended = sharpbits("check", "--list", "--json", "--findings", folder, "-o", tmp_path / "list.json")
    told = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert told == json.loads((tmp_path / "list.json").read_text())
    assert [one["id"] for one in told["findings"]] == ["toy/changed"]
    assert [Path(one["path"]).name for one in told["broken_files"]] == ["broken.py"]
    refused = sharpbits("check", "--list", "--junit", tmp_path / "junit.xml", "--findings", folder)
    assert refused.returncode == 2
    assert "--list runs nothing" in refused.stderr


def test_a_report_that_cannot_be_written_after_all_loses_neither_the_others_nor_the_table(
    sharpbits: Run, folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "unread")
    reports = ["-o", tmp_path / "unread", "--junit", tmp_path / "junit.xml", "--html", tmp_path / "page.html"]
    ended = sharpbits("check", "--findings", folder, *reports)
    assert ended.returncode == 2
    assert "it is a pipe that nobody reads" in ended.stderr
    assert "changed toy/changed" in ended.stdout
    assert "toy" in (tmp_path / "junit.xml").read_text()
    assert "</html>" in (tmp_path / "page.html").read_text()


def test_a_finding_is_repeated_byte_by_byte_whatever_the_terminal_can_write(sharpbits: Run, folder: Path) -> None:
    path = folder / "toy" / "changed.py"
    path.write_text(path.read_text() + "# \u2192 \u4e2d\n", encoding="utf-8")
    ended = sharpbits("repro", "changed", "--findings", folder, PYTHONIOENCODING="ascii")
    assert ended.stdout.encode() == path.read_bytes()
