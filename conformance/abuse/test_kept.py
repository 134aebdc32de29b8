"""Searches, results and resolutions that sharpbits keeps, mutated: read as what they are, refused, or done without."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from abuse.drive import amounts, drive, refusal
from abuse.test_findings import reported
from abuse.texts import documents, write
from catalogue.toys import OK, documented, environment, write_finding
from sharpbits.catalogue import Observation, Outcome, ResultCache, judge, load_finding
from sharpbits.errors import UsageError
from sharpbits.shelf import Shelf
from sharpbits.timetravel.bisect_report import plan
from sharpbits.timetravel.resolution import Resolver, Target
from sharpbits.timetravel.stack import Pin
from sharpbits.timetravel.state import open_state
from timetravel.simulated import BAD, laboratory
from timetravel.test_resume import whole

HERE = environment(packages={"jax": "0.7.1"})


@amounts
def test_a_kept_search_is_resumed_or_refused(tmp_path: Path, amount: int) -> None:
    path = tmp_path / "state.json"
    state = whole(path)
    sound = json.loads(path.read_text())

    def rule(text: str) -> bool:
        write(path, text)
        try:
            resumed = open_state(state.request, path=path, resume=True)
        except UsageError as error:
            return refusal(error.what, error.why, error.resolution)
        if resumed.history is not None:
            plan(resumed.history).encode()
        lab = laboratory(lambda stack: BAD, state=resumed)
        for draws in resumed.draws.values():
            for draw in draws:
                lab.read(draw)
                if draw.observation is not None:
                    str(lab.subject.untestable(draw.observation)).encode()
        resumed.save()
        again = open_state(state.request, path=path, resume=True)
        assert (again.history, again.draws) == (resumed.history, resumed.draws)
        return True

    drive(amount, documents(sound), rule)


@amounts
def test_a_kept_result_is_judged_and_reported_or_dropped_with_a_word(
    tmp_path: Path, amount: int, caplog: pytest.LogCaptureFixture
) -> None:
    rows = documented("error", "wrong-value", match="a+b")
    finding = load_finding(write_finding(tmp_path / "findings", "a", OK, expect=rows))
    cache = ResultCache(tmp_path / "cache")
    seen = Observation(
        Outcome.ERROR, "ValueError: aab", 0.5, 1 << 20, exception="ValueError", text="aab", stderr_tail=("t", "u")
    )
    cache.put(finding, HERE, [seen, Observation(Outcome.WRONG_VALUE, "d", 1.5, 0, [0.5], {"k": [1]}, "nan", 1e-9)])
    (path,) = (tmp_path / "cache").iterdir()

    def rule(text: str) -> bool:
        write(path, text)
        caplog.clear()
        known = cache.get(finding, HERE)
        if known is None:
            assert not path.exists(), "what cannot be read is not read again"
            (record,) = caplog.records
            return refusal(record.getMessage())
        for observation in known:
            reported(finding, observation)
        judge(finding, HERE, known)
        return True

    with caplog.at_level(logging.WARNING):
        drive(amount, documents(json.loads(path.read_text())), rule)


class OfflineResolver(Resolver):
    """Answers what is not kept with one package, so that nobody asks uv."""

    def _ask(self, *arguments: object, **options: object) -> tuple[Pin, ...]:
        return (Pin("asked", "1.0", datetime(2025, 1, 1, tzinfo=UTC), 1),)


@amounts
def test_a_kept_resolution_is_one_of_that_moment_or_asked_for_anew(
    tmp_path: Path, amount: int, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(tmp_path / "resolutions", "resolutions", "uv is asked anew")
    resolver = OfflineResolver(Target(Path("python"), "3.11.7", "any"), shelf=shelf)
    at = datetime(2025, 6, 1, tzinfo=UTC)
    resolver.resolve(["thing"], at)
    (path,) = (tmp_path / "resolutions").iterdir()
    sound = json.loads(path.read_text())
    kept = {"name": "thing", "version": "1.2", "uploaded": "2025-05-20T00:00:00+00:00", "size": 7}
    sound["pins"] = [kept, {**kept, "name": "other", "uploaded": None, "size": None}]

    def rule(text: str) -> bool:
        write(path, text)
        caplog.clear()
        stack = resolver.resolve(["thing"], at)
        assert stack.pins
        assert len(stack.by_name) == len(stack.pins)
        assert all(pin.uploaded is None or pin.uploaded < at for pin in stack.pins)
        str(stack.origin).encode()
        if stack.version("asked") is None:
            return True
        return refusal(*(record.getMessage() for record in caplog.records))

    with caplog.at_level(logging.WARNING):
        drive(amount, documents(sound), rule)
