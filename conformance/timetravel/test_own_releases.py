"""A culprit that came in through another package's dependencies: the release, not only the range, is named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpbits.catalogue import Observation
from sharpbits.timetravel.bisect_report import release_sentence
from sharpbits.timetravel.bisection import Bisection, run_bisection
from sharpbits.timetravel.culprit import MOST_PROBES
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.own_releases import OwnReleases, narrow
from sharpbits.timetravel.search import Side
from sharpbits.timetravel.stack import Change, Pin, Stack
from timetravel.local_index import LocalIndex
from timetravel.simulated import BAD, EPOCH, GOOD, at_least, laboratory

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class EveryNumber:
    """Releases are whole numbers; none moves anything else."""

    def between(self, change: Change, after: Candidate) -> list[Pin]:
        assert change.before is not None
        assert change.after is not None
        return [Pin(change.name, str(one)) for one in range(int(change.before.version) + 1, int(change.after.version))]

    def stack(self, before: Stack, pin: Pin, after: Candidate) -> Stack:
        return before.moved({pin.name: pin})


def jump(releases: int, bystanders: int = 2) -> History:
    """Two stacks, between which one package moved over many releases and others over one."""

    def candidate(day: int, version: int) -> Candidate:
        others = tuple(Pin(f"q{number}", str(day)) for number in range(bystanders))
        return Candidate(EPOCH + timedelta(days=day), Stack("3.11", "any", (Pin("engine", str(version)), *others)))

    return History((candidate(0, 0), candidate(1, releases)), ("q0",))


def search(history: History, shows: Callable[[Stack], Observation | None], own: OwnReleases) -> Bisection:
    return run_bisection(laboratory(shows), history, old_end_given=True, confidence=0.99, own=own)


@settings(max_examples=150)
@given(data=st.data(), releases=st.integers(1, 300), bystanders=st.integers(0, 8))
def test_the_guilty_release_is_named_within_the_bound_on_mixtures(
    data: st.DataObject, releases: int, bystanders: int
) -> None:
    guilty = data.draw(st.integers(1, releases))
    bad = at_least("engine", guilty)
    found = search(jump(releases, bystanders), lambda stack: BAD if bad(stack) else GOOD, EveryNumber())
    assert found.culprit.packages == {"engine"}
    assert found.narrowed is not None
    assert (found.narrowed.last_old, found.narrowed.first_new) == (str(guilty - 1), str(guilty))
    assert len(found.probed) - found.search_probes <= MOST_PROBES
    assert bool(release_sentence(found)) is (releases > 1)


@settings(max_examples=150)
@given(data=st.data(), releases=st.integers(2, 40))
def test_a_range_says_which_releases_could_not_be_decided(data: st.DataObject, releases: int) -> None:
    guilty = data.draw(st.integers(1, releases))
    broken = data.draw(st.sets(st.integers(1, releases - 1)))

    def shows(stack: Stack) -> Observation | None:
        version = int(stack.version("engine") or 0)
        return None if version in broken else BAD if version >= guilty else GOOD

    found = search(jump(releases), shows, EveryNumber())
    narrowed = found.narrowed
    assert narrowed is not None
    assert int(narrowed.last_old) < guilty <= int(narrowed.first_new)
    assert len(found.probed) - found.search_probes <= MOST_PROBES
    between = set(range(int(narrowed.last_old) + 1, int(narrowed.first_new)))
    assert bool(between) is bool(narrowed.why)
    if "could not be decided" in narrowed.why:
        assert between <= broken
        assert str(min(between)) in release_sentence(found)


@pytest.mark.parametrize("most", range(6))
def test_where_the_mixtures_run_out_it_says_so_and_what_is_known_by_then(most: int) -> None:
    turn = jump(64).candidates
    change = Change("engine", Pin("engine", "0"), Pin("engine", "64"))
    calls: list[Stack] = []

    def probe(stack: Stack) -> Side:
        calls.append(stack)
        return Side.NEW if at_least("engine", 23)(stack) else Side.OLD

    narrowed = narrow(change, (turn[0], turn[1]), EveryNumber(), probe, most=most)
    assert len(calls) == most
    assert int(narrowed.last_old) < 23 <= int(narrowed.first_new)
    assert "the limit on mixtures was reached" in narrowed.why


def test_a_package_that_was_not_there_before_has_no_range() -> None:
    turn = jump(1).candidates
    narrowed = narrow(Change("x", None, Pin("x", "1")), (turn[0], turn[1]), EveryNumber(), lambda _: Side.OLD, most=9)
    assert narrowed.why == "it was not part of the stack before"


@dataclass
class Shells:
    """``shell`` asks for an old ``engine`` until June, then for a new one; nobody follows ``engine``."""

    index: LocalIndex
    broken: frozenset[int] = field(default_factory=frozenset)

    def publish(self, name: str, guilty: int) -> None:
        # Before bounds were thought of: with it every engine has a solution, in a stack that nobody asks about.
        self.index.add(f"shell{name}", "0.0", "2025-01-02T12:00:00Z", requires=(f"engine{name}",))
        for minor in range(1, 9):
            source = "import no_such_module" if minor in self.broken else f"value = {int(minor >= guilty)}"
            self.index.add(f"engine{name}", f"1.{minor}", f"2025-0{minor}-07T12:00:00Z", source)
        for month in range(1, 10):
            needs = f"engine{name}>=1.8" if month == 9 else f"engine{name}<1.2"
            self.index.add(f"shell{name}", f"0.{month}", f"2025-0{month}-20T12:00:00Z", requires=(needs,))


def bisected(sharpbits: Run, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(
        f"try:\n    import engine{name}\nexcept ImportError:\n    raise SystemExit(125)\n"
        f"raise SystemExit(engine{name}.value)\n"
    )
    period = ["--since", "2025-02-01", "--until", "2025-12-15", "--report", folder / "report.md"]
    return sharpbits("bisect", "--run", "python script.py", "--with", f"shell{name}", *period)


def test_the_release_of_a_dependency_is_named_without_a_hint(sharpbits: Run, index: LocalIndex, tmp_path: Path) -> None:
    Shells(index).publish("a", guilty=4)
    ended = bisected(sharpbits, "a", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "culprit: enginea 1.1 → 1.8 (it alone brings the change" in ended.stdout
    assert "release: enginea 1.4 (1.3 does not bring it yet)" in ended.stdout
    report = (tmp_path / "report.md").read_text()
    assert "**Release:** enginea 1.4" in report
    assert "| enginea to 1.4 | new |" in report
    assert "shella 0.0" not in ended.stderr, "it was taken back to an ancient release"


def test_a_release_that_cannot_be_tested_leaves_a_range_with_its_reason(
    sharpbits: Run, index: LocalIndex, tmp_path: Path
) -> None:
    Shells(index, frozenset({3, 4})).publish("b", guilty=4)
    ended = bisected(sharpbits, "b", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "release: engineb, after 1.2 and up to 1.5: 1.3, 1.4 could not be decided" in ended.stdout
