"""What is written where: files whole, links kept, devices and pipes written to; and what is refused beforehand."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from catalogue.toys import OK, documented, write_finding
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.files import check_target, check_targets, spared, write_all, write_atomically

WHAT = "the report cannot be written"
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture
def null(tmp_path: Path) -> Path:
    """A null device of our own: a mistake must not cost the machine its /dev/null."""
    path = tmp_path / "null"
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        path.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"a device cannot be made or opened here: {error}")
    return path


def test_a_new_file_has_the_rights_of_an_ordinary_one(tmp_path: Path) -> None:
    ordinary, ours = tmp_path / "ordinary", tmp_path / "ours"
    ordinary.write_text("a")
    write_atomically(ours, "a")
    assert ours.stat().st_mode == ordinary.stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} == {"ordinary", "ours"}, "nothing temporary is left"


@pytest.mark.parametrize("there", [None, "old"])
def test_whoever_is_killed_while_writing_leaves_every_file_as_it_was_and_no_other(
    tmp_path: Path, there: str | None
) -> None:
    try:
        os.close(os.open(tmp_path, os.O_WRONLY | os.O_TMPFILE))
    except OSError as error:
        pytest.skip(f"this file system has no files without a name: {error}")
    path = tmp_path / "report"
    if there is not None:
        path.write_text(there)
    code = (
        "import os, sys; from pathlib import Path; from sharpbits.files import write_atomically\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), 9)\n"
        "write_atomically(Path(sys.argv[1]), 'new')\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == ([("report", there)] if there else [])


def test_where_files_need_a_name_they_are_replaced_in_one_step_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / "report"
    for content in ("first", "second"):
        write_atomically(path, content)
        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report", content)]
    monkeypatch.setattr(os, "fsync", lambda handle: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_atomically(path, "third")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report", "second")]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_an_existing_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_a_link_is_kept_and_its_target_replaced_in_the_target_s_folder(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    target, link, second = there / "file", tmp_path / "link", tmp_path / "second"
    target.write_text("old")
    link.symlink_to("there/file")
    second.symlink_to("link")
    before = target.stat().st_ino
    check_target(second, WHAT)
    write_atomically(second, "new")
    assert link.is_symlink()
    assert second.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_ino != before, "replaced, not overwritten"


def test_a_dangling_link_brings_its_target_into_being(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("target")
    check_target(link, WHAT)
    assert not (tmp_path / "target").exists()
    write_atomically(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_device_is_written_to_and_stays_one(null: Path) -> None:
    check_target(null, WHAT)
    write_atomically(null, "gone")
    assert null.is_char_device()


def test_a_link_to_a_device_stays_a_link(null: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(null)
    write_atomically(link, "gone")
    assert link.is_symlink()
    assert null.is_char_device()


def test_a_pipe_gets_the_whole_content_even_if_it_is_more_than_it_holds(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_target(pipe, WHAT)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    got: list[bytes] = []

    def read() -> None:
        with os.fdopen(reading, "rb") as stream:
            got.append(stream.read())

    # The reader starts once there is a writer, or it would see the end at once.
    thread = threading.Timer(0.05, read)
    thread.start()
    write_atomically(pipe, b"x" * 300_000)
    thread.join(10)
    assert [len(content) for content in got] == [300_000]
    assert pipe.is_fifo()


def test_a_pipe_that_nobody_reads_is_an_error_and_no_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SharpbitsError, match="nobody reads"):
        write_atomically(pipe, "x")
    assert pipe.is_fifo()


WRITE = """
import sys
from pathlib import Path
from sharpbits.files import check_target, write_atomically
print("before")
check_target(Path(sys.argv[1]), "no")
write_atomically(Path(sys.argv[1]), "content\\n")
print("after")
"""


@pytest.mark.parametrize("stdout", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_the_standard_output_is_written_to_in_order(tmp_path: Path, stdout: str) -> None:
    command = [sys.executable, "-c", WRITE, stdout]
    piped = subprocess.run(command, capture_output=True, text=True, check=True)
    assert piped.stdout == "before\ncontent\nafter\n"
    into = tmp_path / "into"
    with into.open("w") as stream:
        subprocess.run(command, stdout=stream, check=True)
    assert into.read_text() == "before\ncontent\nafter\n", "a file behind it is neither replaced nor overwritten"


def test_a_process_substitution_is_written_to(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        path = f"/dev/fd/{writing}"
        subprocess.run([sys.executable, "-c", WRITE, path], pass_fds=[writing], stdout=subprocess.DEVNULL, check=True)
        os.close(writing)
        assert stream.read() == "content\n"


def test_a_closed_descriptor_is_refused() -> None:
    with pytest.raises(UsageError, match="Bad file descriptor"):
        check_target(Path("/dev/fd/987"), WHAT)


def refused(path: Path, why: str) -> None:
    with pytest.raises(UsageError, match=WHAT) as error:
        check_target(path, WHAT)
    assert why in error.value.why
    with pytest.raises(SharpbitsError) as again:
        write_atomically(path, "x")
    assert why in again.value.why


def test_folders_missing_folders_loops_and_sockets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to("no/such/file")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("old")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "link", "is a folder")
    refused(tmp_path / "nowhere", "does not exist")
    refused(tmp_path / "no" / "file", "does not exist")
    refused(tmp_path / "loop", "symbolic links")
    refused(tmp_path / "file" / "below", "Not a directory")


@as_user
def test_a_folder_or_file_that_may_not_be_written_to_is_refused(tmp_path: Path) -> None:
    locked, file = tmp_path / "locked", tmp_path / "file"
    locked.mkdir(mode=0o500)
    file.write_text("old")
    file.chmod(0o400)
    refused(locked / "file", "may not be written to")
    refused(file, "may not be written to")


def test_what_the_system_says_may_not_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as a user without the right would see, also where the tests run as root."""
    file = tmp_path / "file"
    file.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    refused(tmp_path / "new", "may not be written to")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != file)
    refused(file, "may not be written to")
    assert file.read_text() == "old"


def test_a_check_leaves_no_trace(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("old")
    before = old.stat()
    check_targets({"--a": old, "--b": tmp_path / "new", "--c": None}, WHAT)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (old.stat().st_mtime_ns, old.read_text()) == (before.st_mtime_ns, "old")


@pytest.mark.parametrize("name", ["file", "./file", "x" * 255, "é" * 127])
def test_relative_and_longest_names_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    check_target(Path(name), WHAT)
    write_atomically(Path(name), "new")
    assert Path(name).read_text() == "new"


def test_a_name_too_long_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / ("x" * 256), "too long")


def test_two_options_never_name_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for other in (tmp_path / "file", tmp_path / "link", tmp_path / "." / "file"):
        for exists in (False, True):
            if exists:
                (tmp_path / "file").touch()
            with pytest.raises(UsageError, match="--json and --html name the same file"):
                check_targets({"--json": tmp_path / "file", "--html": other}, WHAT)
        (tmp_path / "file").unlink()


def test_a_device_may_be_named_twice(null: Path) -> None:
    check_targets({"--json": null, "--html": null}, WHAT, inputs=[null])


def test_what_is_read_is_never_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("a,b")
    (tmp_path / "soft").symlink_to(data)
    (tmp_path / "hard").hardlink_to(data)
    for name in ("data", "soft", "hard"):
        with pytest.raises(UsageError, match="is read, too"):
            check_target(tmp_path / name, WHAT, inputs=[data])
    check_target(tmp_path / "other", WHAT, inputs=[data])


def sharpbits(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sharpbits.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_check_reports_into_a_device_and_through_a_link(null: Path, tmp_path: Path) -> None:
    write_finding(tmp_path / "findings", "fine", OK, expect=documented("ok"))
    (tmp_path / "link").symlink_to("target")
    ended = sharpbits("check", "--findings", tmp_path / "findings", "-o", null, "--junit", tmp_path / "link")
    assert ended.returncode == 0, ended.stderr
    assert null.is_char_device()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["check", "-o", "a", "--html", "./a"], "--output and --html name the same file"),
        (["check", "--junit", "."], "is a folder"),
        (["matrix", "-o", "a", "--picture", "a"], "--output and --picture name the same file"),
        (["stack", "--file", "input", "-o", "input"], "is read, too"),
        (["bisect", "--run", "true", "--with", "x", "--report", "no/such.md"], "does not exist"),
        (["gate", "--against", "input", "--html", "input"], "is read, too"),
        (["gate", "--against", "input", "--markdown", "no/such.md"], "does not exist"),
        (["train", "input", "--out", "input"], "is read, too"),
        (["evaluate", "input", "input", "--plot", "."], "the suffix"),
    ],
)
def test_every_command_refuses_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    pytest.importorskip("jax") if arguments[0] in ("train", "evaluate") else None
    monkeypatch.chdir(tmp_path)
    Path("input").write_text("what is here stays")
    ended = sharpbits(*arguments)
    assert ended.returncode == 2
    assert why in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["input"]
    assert Path("input").read_text() == "what is here stays"


def test_what_an_interrupted_run_knows_takes_the_place_of_no_file_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there, absent = tmp_path / "full.json", tmp_path / "new.json"
    there.write_text("complete")
    assert spared(there, partial=False) == there
    assert spared(absent, partial=True) == absent
    beside = spared(there, partial=True)
    assert beside == tmp_path / "full.partial.json"
    assert f"{there} is left as it was" in capsys.readouterr().err
    beside.write_text("partial, and fuller perhaps")
    (tmp_path / "full.partial1.json").symlink_to("nowhere")
    assert spared(there, partial=True) == tmp_path / "full.partial2.json"


def test_what_is_no_file_is_written_to_whether_or_not_a_run_was_interrupted(tmp_path: Path, null: Path) -> None:
    assert spared(null, partial=True) == null
    code = "from sharpbits.files import *; from pathlib import Path; print(spared(Path('/dev/stdout'), partial=True))"
    with (tmp_path / "out").open("w") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert (tmp_path / "out").read_text() == "/dev/stdout\n"


def test_a_report_that_cannot_be_written_loses_no_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    failures = write_all(
        [(one, lambda: "1"), (tmp_path / "no" / "folder", lambda: "2"), (None, lambda: "3"), (other, lambda: "4")]
    )
    assert [one.read_text(), other.read_text()] == ["1", "4"]
    assert len(failures) == 1
    assert "does not exist" in str(failures[0])
