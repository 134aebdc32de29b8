"""Without a cache one searches without a cache, and says so once; what needs a place is refused in words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sharpbits.errors import UsageError
from sharpbits.timetravel.environments import EnvironmentCache
from timetravel.test_resume import GRADIENT, PERIOD

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A place below a file, where not even root can make a folder."""
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "cache"


def test_a_search_runs_without_a_cache_and_says_so_once(sharpbits: Run, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "script.py").write_text(GRADIENT)
    places = {"XDG_CACHE_HOME": str(cache), "SHARPBITS_ENVIRONMENTS": str(tmp_path / "environments")}
    ended = sharpbits("bisect", "--run", "python script.py", "--with", "solver", *PERIOD, **places)
    assert ended.returncode == 0, ended.stderr
    assert "solver 1.2 → 1.3" in ended.stdout
    assert ended.stderr.count("resolutions cannot be kept") == 1
    assert ended.stderr.count("the search cannot be kept") == 1
    resumed = sharpbits("bisect", "--run", "python script.py", "--with", "solver", *PERIOD, "--resume", **places)
    assert resumed.returncode == 2
    assert "resume" in resumed.stderr
    assert "Traceback" not in resumed.stderr


@pytest.mark.parametrize("where", ["below-a-file", "a-file"])
def test_environments_need_a_place_and_that_is_told(sharpbits: Run, tmp_path: Path, cache: Path, where: str) -> None:
    places = {
        "below-a-file": {"SHARPBITS_ENVIRONMENTS": str(cache)},
        "a-file": {"SHARPBITS_ENVIRONMENTS": str(cache.parent)},
    }[where]
    for command in (
        ["bisect", "--run", "true", "--with", "solver", *PERIOD],
        ["stack", "--at", "2025-05-05", "--with", "solver", "--build"],
    ):
        ended = sharpbits(*command, **places)
        assert ended.returncode == 2, ended.stdout
        assert "SHARPBITS_ENVIRONMENTS" in ended.stderr or "cannot be kept" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert cache.parent.read_text() == "in the way"


def test_without_a_home_there_is_no_place_for_environments_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(user: int) -> object:
        raise KeyError(user)

    for name in ("HOME", "XDG_CACHE_HOME", "SHARPBITS_ENVIRONMENTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(UsageError, match="no place for environments") as refused:
        EnvironmentCache.default()
    assert "SHARPBITS_ENVIRONMENTS" in refused.value.resolution


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "much"])
def test_a_limit_that_is_no_size_is_refused(sharpbits: Run, limit: str) -> None:
    ended = sharpbits("stack", "list", SHARPBITS_ENVIRONMENTS_GIB=limit)
    assert ended.returncode == 2
    assert f"SHARPBITS_ENVIRONMENTS_GIB is '{limit}'" in ended.stderr
