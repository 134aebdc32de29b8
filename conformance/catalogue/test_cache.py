"""Earlier results: reused for the same file in the same environment, and only then."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import OK, documented, environment
from sharpbits.catalogue import Finding, ResultCache, Verdict, describe_environment, run_finding
from sharpbits.catalogue.runner import InterruptedRunError
from sharpbits.errors import SharpbitsError
from sharpbits.files import write_atomically

HERE = environment()


def counting(log: Path, ending: str = OK) -> str:
    """A body that leaves a mark each time it runs: the oracle for what ran."""
    return f"with open({str(log)!r}, 'a') as log: log.write('x')\n{ending}"


def test_a_result_is_reused_for_the_same_file_in_the_same_environment(
    finding: Callable[..., Finding], tmp_path: Path
) -> None:
    log, cache = tmp_path / "log", ResultCache(tmp_path / "cache")
    counted = finding(counting(log))
    first = run_finding(counted, HERE, cache=cache)
    second = run_finding(counted, HERE, cache=cache)
    assert log.read_text() == "x"
    assert (first.cached, second.cached) == (False, True)
    assert second.observations == first.observations


@pytest.mark.parametrize("change", ["file", "environment", "fresh"])
def test_a_changed_file_a_changed_environment_and_fresh_run_again(
    finding: Callable[..., Finding], tmp_path: Path, change: str
) -> None:
    log, cache = tmp_path / "log", ResultCache(tmp_path / "cache")
    run_finding(finding(counting(log)), HERE, cache=cache)
    again = finding(counting(log) + ("# changed\n" if change == "file" else ""))
    here = environment(packages={"jax": "0.7.1"}) if change == "environment" else HERE
    assert not run_finding(again, here, cache=cache, fresh=change == "fresh").cached
    assert log.read_text() == "xx"


def test_a_cached_result_is_judged_anew(finding: Callable[..., Finding], tmp_path: Path) -> None:
    cache = ResultCache(tmp_path / "cache")
    crash = "import os; os.abort()"
    before = finding(crash)
    assert run_finding(before, HERE, cache=cache).verdict is Verdict.CHANGED
    # The same observations under other expectations: stored under the new file's name.
    after = finding(crash, expect=documented("crash"))
    stored = cache.get(before, HERE)
    assert stored is not None
    cache.put(after, HERE, stored)
    assert run_finding(after, HERE, cache=cache).verdict is Verdict.BITES


def test_a_broken_finding_and_an_interrupted_one_leave_no_result(
    finding: Callable[..., Finding], tmp_path: Path
) -> None:
    cache = ResultCache(tmp_path / "cache")
    broken = finding("print('no result')")
    assert run_finding(broken, HERE, cache=cache).verdict is Verdict.BROKEN
    assert cache.get(broken, HERE) is None
    stop = threading.Event()
    stop.set()
    slow = finding("import time; time.sleep(600)", slug="slow")
    with pytest.raises(InterruptedRunError):
        run_finding(slow, HERE, cache=cache, stop=stop)
    assert cache.get(slow, HERE) is None


@pytest.mark.parametrize("damage", ["{", "[]", '{"observations": [{"outcome": "fine"}]}', "null"])
def test_a_damaged_entry_is_dropped_and_the_finding_runs_again(
    finding: Callable[..., Finding], tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = ResultCache(tmp_path / "cache")
    run_finding(finding(), HERE, cache=cache)
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_text(damage)
    assert not run_finding(finding(), HERE, cache=cache).cached
    assert str(entry) in caplog.text, "and that is said"
    assert run_finding(finding(), HERE, cache=cache).cached


@pytest.mark.parametrize("obstacle", ["a_file", "a_file_above", "a_folder_of_that_name"])
def test_without_a_usable_cache_findings_run_and_that_is_said_once(
    finding: Callable[..., Finding], tmp_path: Path, obstacle: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cache" if obstacle != "a_file_above" else tmp_path / "cache" / "results"
    one, other = finding(), finding(slug="other")
    if obstacle == "a_folder_of_that_name":
        usable = ResultCache(tmp_path / "twin")
        run_finding(one, HERE, cache=usable)
        run_finding(other, HERE, cache=usable)
        for entry in (tmp_path / "twin").iterdir():
            (folder / entry.name).mkdir(parents=True)
    else:
        (tmp_path / "cache").write_text("in the way")
    cache = ResultCache(folder)
    assert [run_finding(each, HERE, cache=cache).verdict for each in (one, other)] == [Verdict.CLEAR, Verdict.CLEAR]
    assert caplog.text.count("results cannot be kept") == 1
    assert str(folder) in caplog.text


def test_without_a_home_findings_run_without_a_cache_and_that_is_said_once(
    finding: Callable[..., Finding], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nobody(user: int) -> object:
        raise KeyError(user)

    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.chdir(tmp_path)
    cache = ResultCache()
    for slug in ("one", "other"):
        assert run_finding(finding(slug=slug), HERE, cache=cache).verdict is Verdict.CLEAR
    assert caplog.text.count("there is no home folder") == 1
    assert not (tmp_path / "~").exists()


def test_a_package_of_which_nobody_can_tell_whether_it_changed_leaves_no_result_and_that_is_said_once(
    finding: Callable[..., Finding], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache, here = ResultCache(tmp_path / "cache"), environment(sources={"huge": None})
    for _ in range(2):
        assert not run_finding(finding(), here, cache=cache).cached
    assert caplog.text.count("nobody can tell whether huge changed") == 1


def installed(folder: Path, name: str, source: Path, *, editable: bool, record: str = "") -> None:
    """What pip leaves of a package that was installed from a folder."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text(record)
    dir_info = {"editable": True} if editable else {}
    (info / "direct_url.json").write_text(json.dumps({"url": source.as_uri(), "dir_info": dir_info}))


def test_the_code_of_editable_and_local_packages_and_of_folders_on_the_path_is_part_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, onto = tmp_path / "a source", tmp_path / "site-packages"
    (source / "pkg").mkdir(parents=True)
    code = source / "pkg" / "core.py"
    code.write_text("VALUE = 1\n")
    installed(onto, "editable-one", source, editable=True)
    installed(onto, "local-one", tmp_path, editable=False, record="pkg/core.py,sha256=one,1\n../../bin/x,sha256=1,1\n")
    loose = tmp_path / "loose"
    loose.mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{onto}:{loose}")

    def fingerprint() -> str:
        return describe_environment().fingerprint

    told = describe_environment()
    assert {"editable-one", "local-one"} <= set(told.sources)
    assert told.untold == ()
    seen = [told.fingerprint]
    assert fingerprint() == seen[0], "nothing changed"
    code.write_text("VALUE = 22\n")
    seen.append(fingerprint())
    (source / "pkg" / "new.py").write_text("")
    seen.append(fingerprint())
    (loose / "module.py").write_text("")
    seen.append(fingerprint())
    installed(onto, "local-one", tmp_path, editable=False, record="pkg/core.py,sha256=two,1\n../../bin/x,sha256=1,1\n")
    seen.append(fingerprint())
    installed(onto, "local-one", tmp_path, editable=False, record="pkg/core.py,sha256=two,1\n../../bin/x,sha256=2,1\n")
    (source / "pkg" / "__pycache__").mkdir()
    (source / "pkg" / "__pycache__" / "core.pyc").write_text("")
    assert fingerprint() == seen[-1], "scripts and compiled files tell nothing of the code"
    assert len(set(seen)) == len(seen)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    write_atomically(target, "old")

    def disk_full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(SharpbitsError, match="could not be written"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target], "no temporary file stays behind"


def test_writing_into_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SharpbitsError) as error:
        write_atomically(tmp_path / "absent" / "report.json", "text")
    assert "absent" in str(error.value)
