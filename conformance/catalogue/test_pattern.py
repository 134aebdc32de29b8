"""A row's ``match``: what Python's regular expressions say, and an end to every search."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.toys import documented, environment
from sharpbits.catalogue import (
    Finding,
    FindingFileError,
    Observation,
    Outcome,
    Verdict,
    default_folder,
    discover,
    judge,
)
from sharpbits.catalogue.pattern import TIME_LIMIT_S, SlowPatternError, TextPattern

#: Each is 2^n steps to an engine that backtracks, however it is built.
ENDLESS = {"(a+)+$": "a" * 60 + "b", r"(?:a?){60}a{60}b": "a" * 5000, r"^(\w+\s?)*$": "ab " * 3000 + "!"}


def test_the_documented_patterns_mean_what_they_mean_to_python() -> None:
    rows = [row for finding in discover([default_folder()]).findings for row in finding.table.expect if row.match]
    assert rows
    for row in rows:
        assert row.match is not None
        for text in ("", "killed by SIGABRT", row.match.pattern, re.sub(r"\\(.)", r"\1", row.match.pattern)):
            assert row.match.search(text) is (re.search(row.match.pattern, text, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_search_ends_with_an_answer_or_says_that_it_found_none(pattern: str) -> None:
    started = time.process_time()  # what the limit counts: on a loaded machine the clock on the wall runs on
    with contextlib.suppress(SlowPatternError):
        assert TextPattern(pattern).search(ENDLESS[pattern]) is False
    assert time.process_time() - started < 5 * TIME_LIMIT_S


def test_a_pattern_that_finds_no_end_makes_the_finding_broken_and_says_what_to_mend(
    finding: Callable[..., Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharpbits.catalogue.pattern.TIME_LIMIT_S", 0.2)
    slow = finding(expect=documented("error", match=r"(?:a?){60}a{60}b"))
    seen = Observation(Outcome.ERROR, "ValueError", 1.0, 0, text="a" * 5000)
    judged = judge(slow, environment(), [seen])
    assert judged.verdict is Verdict.BROKEN
    assert "a{60}b/ finds no end in 5000 characters of text: gave up after 0.2 s; write it without" in judged.message


@pytest.mark.parametrize(
    "pattern", ["(", "(" * 900 + "a" + ")" * 900, "a" * 3000, "(?P<n>a)(?P<n", "[z-a]", "a{99999999999}"]
)
def test_what_is_no_pattern_is_refused_with_its_line(
    finding: Callable[..., Finding], tmp_path: Path, pattern: str
) -> None:
    with pytest.raises(FindingFileError, match=r"match: (not a regular expression|a pattern of \d+ characters)"):
        finding(expect=documented("error", match=pattern))
