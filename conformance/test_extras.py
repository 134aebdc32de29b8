"""A package that is missing is blamed on the extra that has it; nothing else is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sharpbits.errors import UsageError
from sharpbits.extras import needs_extra
from sharpbits.timetravel.metric import p_value


def test_a_package_that_is_missing_names_its_extra() -> None:
    with pytest.raises(UsageError, match=r"pip install 'sharpbits\[perf\]'") as error, needs_extra("no gate", "perf"):
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
    assert (error.value.what, error.value.why) == ("no gate", "scipy is missing")
    assert isinstance(error.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("name", ["sharpbits.nowhere", "sharpbits", None])
def test_a_missing_module_of_our_own_is_no_matter_for_pip(name: str | None) -> None:
    with pytest.raises(ModuleNotFoundError), needs_extra("no gate", "perf"):
        raise ModuleNotFoundError("missing", name=name)


def test_a_package_that_only_begins_like_ours_is_not_ours() -> None:
    with pytest.raises(UsageError), needs_extra("no gate", "perf"):
        raise ModuleNotFoundError("missing", name="sharpbits_more")


def test_a_broken_package_keeps_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("import what_it_lacks")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="what_it_lacks is missing") as error, needs_extra("no gate", "perf"):
        import broken_package  # type: ignore[import-not-found]  # noqa: F401
    cause = error.value.__cause__
    assert cause is not None
    assert cause.__traceback__ is not None
    (tmp_path / "torn_package.py").write_text("raise ImportError('libtorn.so: cannot open')")
    with pytest.raises(ImportError, match=r"libtorn\.so"), needs_extra("no gate", "perf"):
        import torn_package  # type: ignore[import-not-found]  # noqa: F401


def test_a_number_is_bisected_with_scipy_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(UsageError, match=r"a number cannot be bisected[\s\S]*sharpbits\[perf\]"):
        p_value([1.0], [2.0])
