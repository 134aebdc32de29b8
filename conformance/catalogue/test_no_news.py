"""What says nothing of the packages is told as that, and not kept: the next run finds out what is right."""

from __future__ import annotations

import shutil
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import OK, WRONG_GRADIENT, documented, environment
from sharpbits.catalogue import Finding, ResultCache, Verdict, describe_environment, run_finding
from sharpbits.catalogue.environment import altered_since

HERE = environment()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import os, shutil; shutil.rmtree(os.getcwd())\n" + WRONG_GRADIENT, "the folder in which it ran was removed"),
        ("with open('/dev/full', 'w') as file: file.write('x')\n" + OK, "No space left on device"),
        ("raise OSError(122, 'Disk quota exceeded')", "Disk quota exceeded"),
        ("import os; os.remove(__file__)\n" + WRONG_GRADIENT, "its file was edited, moved or removed"),
        ("open(__file__, 'a').write('# edited')\n" + WRONG_GRADIENT, "its file was edited, moved or removed"),
    ],
    ids=["folder-gone", "disk-full", "quota", "file-gone", "file-edited"],
)
def test_a_machine_that_fails_and_files_that_change_are_no_news_of_the_packages(
    finding: Callable[..., Finding], tmp_path: Path, body: str, said: str
) -> None:
    failing, cache = finding(body, expect=documented("error")), ResultCache(tmp_path / "cache")
    result = run_finding(failing, HERE, cache=cache)
    assert result.verdict is Verdict.BROKEN
    assert said in result.judgement.message
    assert cache.get(failing, HERE) is None


def test_an_interpreter_that_is_gone_ends_no_run(finding: Callable[..., Finding], tmp_path: Path) -> None:
    result = run_finding(finding(), HERE, python=tmp_path / "gone")
    assert result.verdict is Verdict.BROKEN
    assert "could not be run" in result.judgement.message


def test_what_is_not_as_documented_is_told_where_the_environment_is_still_the_same_one(
    finding: Callable[..., Finding], tmp_path: Path
) -> None:
    wrong, right, cache = finding(WRONG_GRADIENT), finding(slug="right"), ResultCache(tmp_path / "cache")
    result = run_finding(wrong, HERE, cache=cache, altered=lambda: "another numpy")
    assert result.verdict is Verdict.BROKEN
    assert "changed while it ran (another numpy)" in result.judgement.message
    assert cache.get(wrong, HERE) is None
    assert run_finding(wrong, HERE, cache=cache, altered=lambda: "").verdict is Verdict.CHANGED
    assert run_finding(right, HERE, altered=lambda: pytest.fail("nobody has to ask")).verdict is Verdict.CLEAR


def test_an_environment_is_another_one_once_a_package_came_went_or_changed_its_version(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    info = site / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    before = describe_environment(python)
    assert altered_since(before, python) == ""
    (site / "other-2.0.dist-info").mkdir()
    (site / "other-2.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 2.0\n")
    assert altered_since(before, python) == "another other"
    shutil.rmtree(site / "other-2.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.1\n")
    assert altered_since(before, python) == "another thing"
    shutil.rmtree(tmp_path / "env")
    assert str(python) in altered_since(before, python)


def test_a_file_that_comes_into_a_folder_on_the_path_makes_no_other_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `PYTHONPATH=. pytest --junit-xml=report.xml` writes there itself, while findings run.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = describe_environment()
    (tmp_path / "report.xml").write_text("<testsuite/>")
    assert describe_environment().fingerprint != before.fingerprint, "what is kept is not taken for the same"
    assert altered_since(before) == ""


@pytest.mark.parametrize("metadata", [None, b"", b"Name: thing\n", b"\xff\xfe\x00 no text"])
def test_what_an_installation_that_died_leaves_hides_no_other_package(tmp_path: Path, metadata: bytes | None) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    for name, content in (("thing-1.0", metadata), ("whole-1.0", b"Name: whole\nVersion: 1.0\n")):
        (site / f"{name}.dist-info").mkdir()
        if content is not None:
            (site / f"{name}.dist-info" / "METADATA").write_bytes(content)
    described = describe_environment(tmp_path / "env" / "bin" / "python")
    assert described.packages["whole"] == "1.0"
    assert str(described.versions["whole"]) == "1.0"


def test_the_users_encoding_of_streams_does_not_hide_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = describe_environment()
    for encoding in ("utf-16", "ascii", "cp500"):
        monkeypatch.setenv("PYTHONIOENCODING", encoding)
        assert describe_environment().fingerprint == before.fingerprint
