"""Environments: built once, whole or not at all, shared, pruned."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from timetravel.conftest import environment
from timetravel.local_index import LocalIndex

Run = Callable[..., subprocess.CompletedProcess[str]]

BUILD = ["stack", "--at", "2025-05-05", "--with", "frontend", "--build"]


def start(tmp_path: Path, index: LocalIndex) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sharpbits.cli", *BUILD],
        env=environment(tmp_path, index),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def versions(python: str) -> dict[str, str]:
    """Ask an environment what it has."""
    program = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    found = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(found.stdout))


def disk_usage(folder: Path) -> int:
    """Bytes on disk, by the system's own count."""
    counted = subprocess.run(
        ["du", "--summarize", "--block-size=1", folder], capture_output=True, text=True, check=True
    )
    return int(counted.stdout.split()[0])


def test_an_environment_has_exactly_the_packages_of_its_stack(sharpbits: Run) -> None:
    ended = sharpbits(*BUILD)
    assert ended.returncode == 0, ended.stderr
    assert versions(ended.stdout.splitlines()[-1]) == {"frontend": "0.5", "solver": "1.1"}


def test_the_second_build_is_the_first(sharpbits: Run, index: LocalIndex) -> None:
    first = sharpbits(*BUILD).stdout.splitlines()[-1]
    asked = len([path for path in index.asked if path.startswith("/files/")])
    assert sharpbits(*BUILD).stdout.splitlines()[-1] == first
    assert len([path for path in index.asked if path.startswith("/files/")]) == asked


def test_two_processes_that_want_the_same_environment_get_the_same_whole_one(tmp_path: Path, index: LocalIndex) -> None:
    running = [start(tmp_path, index) for _ in range(3)]
    pythons = {process.communicate(timeout=120)[0].splitlines()[-1] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(pythons) == 1
    assert versions(pythons.pop()) == {"frontend": "0.5", "solver": "1.1"}


@pytest.mark.parametrize("wait", [0.3, 0.6, 1.0, 1.6])
def test_a_build_that_was_killed_is_finished_by_the_next(
    sharpbits: Run, tmp_path: Path, index: LocalIndex, wait: float
) -> None:
    killed = start(tmp_path, index)
    time.sleep(wait)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    ended = sharpbits(*BUILD)
    assert ended.returncode == 0, ended.stderr
    assert versions(ended.stdout.splitlines()[-1]) == {"frontend": "0.5", "solver": "1.1"}


@pytest.mark.parametrize("left", [[], ["METADATA", "RECORD"]], ids=["no-package", "half-a-package"])
def test_a_half_built_environment_is_never_used(sharpbits: Run, left: list[str]) -> None:
    """What is left of a build that died: the interpreter is there, a package or its module is missing, the marker too.

    Of a package whose list of files is there uv thinks that it is installed.
    """
    python = sharpbits(*BUILD).stdout.splitlines()[-1]
    folder = Path(python).parent.parent
    (folder / "sharpbits-stack.txt").unlink()
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "solver.py").unlink()
    for file in site.glob("solver-*/*"):
        if file.name not in left:
            file.unlink()
    if not left:
        next(site.glob("solver-*")).rmdir()
    assert sharpbits(*BUILD).stdout.splitlines()[-1] == python
    assert versions(python) == {"frontend": "0.5", "solver": "1.1"}
    assert (site / "solver.py").exists()


@pytest.mark.parametrize("left", [[], ["pyvenv.cfg"], ["pyvenv.cfg", "bin"]], ids=["nothing", "first-file", "more"])
def test_what_a_full_disk_left_of_an_environment_is_built_anew(sharpbits: Run, left: list[str]) -> None:
    folder = Path(sharpbits(*BUILD).stdout.splitlines()[-1]).parent.parent
    shutil.rmtree(folder)
    folder.mkdir()
    for name in left:
        (folder / name).touch()
    python = sharpbits(*BUILD).stdout.splitlines()[-1]
    assert versions(python) == {"frontend": "0.5", "solver": "1.1"}


def test_what_is_in_the_place_of_an_environment_and_none_of_ours_stays(sharpbits: Run) -> None:
    folder = Path(sharpbits(*BUILD).stdout.splitlines()[-1]).parent.parent
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "thesis.txt").write_text("a year of work")
    refused = sharpbits(*BUILD)
    assert refused.returncode == 2
    assert "something else is in its place" in refused.stderr
    assert str(folder) in refused.stderr
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("thesis.txt", "a year of work")]


def test_what_a_removal_that_died_left_is_still_known_as_ours(sharpbits: Run) -> None:
    folder = Path(sharpbits(*BUILD).stdout.splitlines()[-1]).parent.parent
    for path in (folder / "sharpbits-stack.txt", folder / "bin" / "python"):
        path.unlink()
    assert "half built" in sharpbits("stack", "list").stdout
    assert "removed 1 environments" in sharpbits("stack", "prune").stdout
    assert not folder.exists()


def test_an_environment_that_was_damaged_says_nothing_of_its_stack_and_is_built_anew(
    sharpbits: Run, tmp_path: Path
) -> None:
    """Without its module the newest solver would look as if it failed, as 1.3 does."""
    (tmp_path / "script.py").write_text("import solver, sys\nsys.exit(solver.gradient(1.0) != 2.0)\n")
    command = ["bisect", "--run", "python script.py", "--with", "solver", "--since", "2025-02-01"]
    command += ["--until", "2025-06-01"]
    assert "both ends show the same: ok and ok" in sharpbits(*command).stderr
    newest = Path(sharpbits("stack", "--at", "2025-06-01", "--with", "solver", "--build").stdout.splitlines()[-1])
    next(newest.parent.parent.glob("lib/python*/site-packages/solver.py")).unlink()
    damaged = sharpbits(*command)
    assert damaged.returncode == 2, damaged.stdout
    assert "its environment was damaged meanwhile" in damaged.stderr
    assert "solver.py" in damaged.stderr
    assert "both ends show the same: ok and ok" in sharpbits(*command).stderr


def test_pruning_removes_what_was_not_used_for_longest_and_keeps_within_the_size(sharpbits: Run) -> None:
    first = sharpbits(*BUILD).stdout.splitlines()[-1]
    second = sharpbits("stack", "--at", "2025-03-05", "--with", "frontend", "--build").stdout.splitlines()[-1]
    sharpbits(*BUILD)  # used again: now the other one is older
    listed = sharpbits("stack", "list").stdout
    assert listed.index(Path(first).parent.parent.name) < listed.index(Path(second).parent.parent.name)
    larger = max(disk_usage(Path(python).parent.parent) for python in (first, second))
    assert "removed 1 environments" in sharpbits("stack", "prune", "--keep-gib", (larger + 4096) / 2**30).stdout
    assert Path(first).exists()
    assert not Path(second).exists()
    assert "removed 1 environments" in sharpbits("stack", "prune").stdout
    assert not Path(first).exists()
    assert sharpbits("stack", "prune", "--keep-gib", "-1").returncode == 2


def test_what_is_not_ours_is_listed_as_such_and_never_removed(
    sharpbits: Run, tmp_path: Path, index: LocalIndex
) -> None:
    folder = Path(sharpbits(*BUILD).stdout.splitlines()[-1]).parents[2]
    theirs = folder / "myproject" / "thesis.txt"
    named_alike = folder / ("0" * 20) / "thesis.txt"
    elsewhere = tmp_path / "elsewhere" / "thesis.txt"
    for file in (theirs, named_alike, elsewhere):
        file.parent.mkdir()
        file.write_text("three years of work")
    (folder / ("1" * 20)).symlink_to(elsewhere.parent)
    (folder / "notes.txt").write_text("more of it")
    listed = sharpbits("stack", "list").stdout
    assert "1 environments" in listed
    assert "not ours, and left alone: 4" in listed
    assert "myproject" in listed
    assert "removed 1 environments" in sharpbits("stack", "prune", "--keep-gib", "0").stdout
    # Building prunes too: here down to nothing.
    subprocess.run(
        [sys.executable, "-m", "sharpbits.cli", *BUILD],
        env=environment(tmp_path, index) | {"SHARPBITS_ENVIRONMENTS_GIB": "0"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    for file in (theirs, named_alike, elsewhere):
        assert file.read_text() == "three years of work"
    assert (folder / "notes.txt").read_text() == "more of it"
    assert (folder / ("1" * 20)).is_symlink()


def test_an_environment_in_use_is_not_pruned(sharpbits: Run, tmp_path: Path, index: LocalIndex) -> None:
    """A bisection holds the environment of the run that is going on."""
    (tmp_path / "script.py").write_text("import pathlib, time\npathlib.Path('running').touch()\ntime.sleep(30)\n")
    arguments = ["bisect", "--run", "python script.py", "--with", "frontend", "--since", "2025-02-01"]
    holder = subprocess.Popen(
        [sys.executable, "-m", "sharpbits.cli", *arguments],
        env=environment(tmp_path, index),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "running").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "removed 0 environments" in sharpbits("stack", "prune").stdout
    finally:
        holder.send_signal(signal.SIGTERM)
        assert holder.wait(timeout=30) == 130, "an interrupted search says so"
    assert "removed 1 environments" in sharpbits("stack", "prune").stdout


def test_a_lock_that_is_none_is_refused_with_its_line(sharpbits: Run, tmp_path: Path) -> None:
    for text, said in (
        ("solver>=1\n", "lock.txt:1: not a lock"),
        ("solver==1.0\nsolver==1.1\n", "lock.txt:2: not a lock"),
        ("# nothing\n", "it pins nothing"),
        ("solver==1.0 ==\n", "lock.txt:1"),
    ):
        (tmp_path / "lock.txt").write_text(text)
        ended = sharpbits("stack", "--file", "lock.txt")
        assert ended.returncode == 2
        assert said in ended.stderr
    assert sharpbits("stack", "--file", "missing.txt").returncode == 2
