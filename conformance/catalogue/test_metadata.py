"""A finding's metadata: what is accepted, and that every refusal names the file, the line and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import documented, metadata_block, write_finding
from sharpbits.catalogue import FindingFileError, Outcome, discover, load_finding
from sharpbits.catalogue.metadata import read_metadata

BASIC_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f\x85\u2028\u2029"))


def line_with(path: Path, text: str) -> int:
    """The oracle for line numbers: count them."""
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), BASIC_TEXT | st.integers(0, 9) | st.booleans()))
def test_what_is_written_as_a_block_is_read_back(table: dict[str, object]) -> None:
    source = '"""Some module."""\n' + metadata_block(table, dependencies=["numpy"]) + "import numpy\n"
    assert read_metadata(Path("x.py"), source).table == {"dependencies": ["numpy"], "tool": {"sharpbits": table}}


def test_a_complete_finding_is_loaded_with_its_id_from_component_and_file_name(tmp_path: Path) -> None:
    rows = [
        {"when": "jax>=0.4,<0.5", "outcome": "ok", "seen": ["0.4.30"]},
        {"when": ["jax>=0.5", "numpy<3"], "outcome": ["error", "crash"], "seen": ["0.5.0"], "match": "no .* rule"},
    ]
    path = write_finding(tmp_path, "grad_over_map", expect=rows, repeats=3, see=["toy/other"])
    finding = load_finding(path)
    assert finding.id == "toy/grad_over_map"
    assert finding.table.repeats == 3
    assert finding.table.expect[1].outcome == (Outcome.ERROR, Outcome.CRASH)
    assert finding.table.expect[0].outcome == (Outcome.OK,), "a single outcome needs no list"
    assert finding.table.see == ("toy/other",)


def test_what_comes_without_dependencies_is_needed_first_and_said_so(tmp_path: Path) -> None:
    script = {"dependencies": ["numpy>=2"]}
    finding = load_finding(write_finding(tmp_path, "x", without_dependencies=["lone>=1"], script=script))
    assert [str(need) for need in finding.needs] == ["lone>=1", "numpy>=2"]
    assert finding.needs_in_words == ("lone>=1 (by itself: pip install --no-deps)", "numpy>=2")


@pytest.mark.parametrize(
    ("changes", "shown", "why"),
    [
        pytest.param({"sumary": "x"}, "sumary", "sumary is not a known key", id="unknown_key"),
        pytest.param({"oracle": None}, "[tool.sharpbits]", "oracle is missing", id="missing_oracle"),
        pytest.param({"oracle": "  "}, "oracle", "must not be empty", id="empty_oracle"),
        pytest.param({"title": "two\nlines"}, "title", "one non-empty line", id="title_of_two_lines"),
        pytest.param({"repeats": 0}, "repeats", "repeats", id="no_repeats"),
        pytest.param({"timeout_s": "long"}, "timeout_s", "timeout_s", id="timeout_is_no_number"),
        pytest.param({"requires": ["tpu"]}, "requires", "must be 'gpu'", id="unknown_requirement"),
        pytest.param({"upstream": ["issue 12"]}, "upstream", "web address", id="upstream_is_no_link"),
        pytest.param({"instead": "numpy.linalg"}, "instead", "inside sharpbits", id="instead_outside_impl"),
        pytest.param({"component": "Other"}, "component", "component", id="component_is_no_identifier"),
        pytest.param(
            {"expect": documented("wrong")}, "python>=3.11", "Input should be 'ok'", id="row_with_unknown_outcome"
        ),
        pytest.param(
            {"expect": [*documented("ok"), {"when": "jax=>1", "outcome": "ok", "seen": ["1"]}]},
            "jax=>1",
            "not a requirement specifier",
            id="row_with_bad_specifier",
        ),
        pytest.param(
            {"expect": documented("ok", versions="1")}, "python>=3.11", "versions is not a known key", id="row_key"
        ),
        pytest.param({"expect": documented("ok", seen=[])}, "python>=3.11", "seen", id="row_without_evidence"),
        pytest.param(
            {"expect": documented("ok", seen=["3.9"])}, "python>=3.11", "does not cover", id="evidence_out_of_range"
        ),
        pytest.param({"expect": documented("ok", seen=["new"])}, "python>=3.11", "Invalid version", id="bad_version"),
        pytest.param({"expect": documented("error", match="(")}, "python>=3.11", "regular expression", id="bad_match"),
        pytest.param({"script": {"dependencies": ["jax=>1"]}}, "dependencies", "specifier", id="bad_dependency"),
        pytest.param({"without_dependencies": ["jax=>1"]}, "without_dependencies", "specifier", id="bad_lone_package"),
        pytest.param(
            {"without_dependencies": ["Jax>=1"], "script": {"dependencies": ["jax"]}},
            "without_dependencies",
            "jax is among the dependencies too",
            id="lone_package_among_the_dependencies",
        ),
        pytest.param({"script": {"requires-python": "3.x"}}, "requires-python", "3.x", id="bad_requires_python"),
    ],
)
def test_a_refusal_names_the_file_the_line_and_the_key(
    tmp_path: Path, changes: dict[str, Any], shown: str, why: str
) -> None:
    path = write_finding(tmp_path, "refused", **changes)
    with pytest.raises(FindingFileError) as refusal:
        load_finding(path)
    assert why in refusal.value.why
    assert (refusal.value.path, refusal.value.line) == (path, line_with(path, shown))
    assert f"{path}:{refusal.value.line}" in str(refusal.value)
    assert refusal.value.resolution


def test_a_component_other_than_the_folder_is_refused(tmp_path: Path) -> None:
    path = write_finding(tmp_path, "moved")
    elsewhere = tmp_path / "elsewhere" / "moved.py"
    elsewhere.parent.mkdir()
    path.rename(elsewhere)
    with pytest.raises(FindingFileError, match="not a valid") as refusal:
        load_finding(elsewhere)
    assert "'toy'" in refusal.value.why
    assert "'elsewhere'" in refusal.value.why


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        pytest.param(b"print('hello')\n", 1, "no inline script metadata", id="no_metadata"),
        pytest.param(b"\xff\xfe\x00binary", 1, "cannot be read as UTF-8", id="not_text"),
        pytest.param(b"# /// script\n# [tool.other]\n# ///\n", 2, "no [tool.sharpbits] table", id="no_table"),
        pytest.param(b"x = 1\n# /// script\n# a = 1\n# b = = 2\n# ///\n", 4, "not TOML", id="not_toml"),
        pytest.param(b"# /// script\n# a = 1\n# ///\n\n# /// script\n# ///\n# ///\n", 5, "2 'script'", id="two_blocks"),
    ],
)
def test_a_file_that_is_no_finding_is_refused_at_its_line(tmp_path: Path, content: bytes, line: int, why: str) -> None:
    path = tmp_path / "strange.py"
    path.write_bytes(content)
    with pytest.raises(FindingFileError) as refusal:
        load_finding(path)
    assert why in refusal.value.why
    assert refusal.value.line == line


def test_a_file_that_is_not_python_is_refused_at_the_line_of_its_error(tmp_path: Path) -> None:
    path = write_finding(tmp_path, "typo", "x = 1\ndef f(:\n")
    with pytest.raises(FindingFileError) as refusal:
        load_finding(path)
    assert "not Python" in refusal.value.why
    assert refusal.value.line == line_with(path, "def f(:")


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write_finding(tmp_path, "good")
    write_finding(tmp_path, "bad", "def f(:\n")
    catalogue = discover([tmp_path])
    assert [finding.id for finding in catalogue.findings] == ["toy/good"]
    assert [error.path.stem for error in catalogue.broken] == ["bad"]
