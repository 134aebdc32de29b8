"""What observations are, and how they are read from a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.errors import UsageError
from sharpbits.phasetype.inference import DataError, Observations, read_observations

INF = float("inf")

times = st.floats(0, 1e6)
intervals = st.tuples(st.one_of(times, st.just(-INF)), st.one_of(times, st.just(INF)), st.integers(1, 5)).map(
    lambda drawn: (min(drawn[:2]), max(drawn[:2]), drawn[2])
)


def rows(observations: Observations) -> set[tuple[float, float, float]]:
    return set(zip(observations.lower, observations.upper, observations.count, strict=True))


def test_an_observation_that_was_made_twice_counts_twice() -> None:
    assert rows(Observations.exact([0.5, 0.25, 0.5])) == {(0.25, 0.25, 1), (0.5, 0.5, 2)}
    assert rows(Observations.exact([0.5, 0.25], counts=[2, 1])) == {(0.25, 0.25, 1), (0.5, 0.5, 2)}
    assert Observations.exact([0.5, 0.25], counts=[2, 0]).total == 2


def test_what_was_not_seen_to_end_came_later() -> None:
    assert rows(Observations.exact([1.0, 2.0], observed=[True, False])) == {(1.0, 1.0, 1), (2.0, INF, 1)}


def test_bins_are_numpys_own() -> None:
    """numpy.histogram is the oracle of which bin a number on an edge is in."""
    edges = np.array([0.0, 1.0, 2.0, 4.0])
    for number in (0.0, 0.5, 1.0, 2.0, 3.0, 4.0):
        counts, _ = np.histogram([number], edges)
        found = Observations.histogram(counts, edges)
        assert found.lower[0] < number <= found.upper[0], number


def test_the_last_bin_may_be_open() -> None:
    found = Observations.histogram([1, 2], [0.0, 1.0, INF])
    assert found.upper.tolist()[-1] == INF
    assert found.kinds == {"exact": 0, "intervals": 1, "right_censored": 2}


@given(st.lists(intervals, min_size=1, max_size=6), st.randoms())
def test_observations_do_not_depend_on_their_order_and_add_up(drawn: list[tuple[float, float, int]], random) -> None:  # type: ignore[no-untyped-def]
    kept = [one for one in drawn if one[1] >= 0 and (one[0] >= 0 or one[0] < one[1])]
    if not kept:
        return
    whole = Observations(*map(np.array, zip(*kept, strict=True)))
    shuffled = kept.copy()
    random.shuffle(shuffled)
    assert rows(Observations(*map(np.array, zip(*shuffled, strict=True)))) == rows(whole)
    parts = [Observations(*([value] for value in one)) for one in kept]  # type: ignore[arg-type]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert rows(total) == rows(whole)
    assert whole.total == sum(one[2] for one in kept)


def test_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Observations.exact([1.0]).lower[0] = 2.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([2.0], [1.0], [1]), r"\(2.0, 1.0\] is no interval"),
        (([-1.0], [-1.0], [1]), "is no interval"),
        (([INF], [INF], [1]), "is no interval"),
        (([-INF], [-INF], [1]), "is no interval"),
        (([np.nan], [1.0], [1]), r"lower\[0\] is NaN"),
        (([1.0], [1.0], [0.5]), "not a whole number"),
        (([1.0], [1.0], [-1]), "not a whole number"),
        (([1.0], [1.0], [0]), "nothing was observed"),
        (([], [], []), "nothing was observed"),
        (([1.0, 2.0], [1.0], [1]), "there are 2 lower ends"),
        (([1.0], [1.0], [[1]]), r"count is \[\[1\]\]"),
        ((["a"], [1.0], [1]), "lower is"),
    ],
)
def test_malformed_observations_are_refused(arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Observations(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "edges", "says"),
    [
        ([1], [0.0], "1 bins and 1 edges"),
        ([1, 1], [0.0, 1.0, 1.0], "edge 1.0 follows 1.0"),
        ([1], [-1.0, 1.0], "first edge is -1.0"),
        ([1], [0.0, np.nan], "is NaN"),
    ],
)
def test_malformed_histograms_are_refused(counts: list[int], edges: list[float], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Observations.histogram(counts, edges)


@pytest.mark.parametrize("bad", [-1.0, INF])
def test_times_are_finite_and_not_negative(bad: float) -> None:
    with pytest.raises(DataError, match="is no time"):
        Observations.exact([1.0, bad])


def written(folder: Path, text: str) -> Path:
    file = folder / "data.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time\n1\n2.5\n1\n", {(1, 1, 2), (2.5, 2.5, 1)}),
        ("1\n2.5\n1\n", {(1, 1, 2), (2.5, 2.5, 1)}),
        ("# of May\ntime, count\n1, 3\n\n2, 1\n", {(1, 1, 3), (2, 2, 1)}),
        ("Time,Event\n1,1\n2,0\n", {(1, 1, 1), (2, INF, 1)}),
        ("count,upper,lower\n2,1,\n1,,1\n3,2,1\n1,4,4\n", {(-INF, 1, 2), (1, INF, 1), (1, 2, 3), (4, 4, 1)}),
        ("lower,upper\n1,inf\n", {(1, INF, 1)}),
        ('\ufefftime\r\n"1e-3"\r\n', {(1e-3, 1e-3, 1)}),
    ],
)
def test_a_table_says_by_its_columns_what_it_holds(tmp_path: Path, text: str, expected: set[tuple[float, ...]]) -> None:
    assert rows(read_observations(written(tmp_path, text))) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("time\n", "no rows"),
        ("time\n1\nx\n", r"time is 'x'[\s\S]*line=3"),
        ("time\n1\n\n\n-1\n", r"-1.0 is no time[\s\S]*line=5"),
        ("time\nnan\n", r"time is 'nan'[\s\S]*line=2"),
        ("time\n1_000\n", "time is '1_000'"),
        ("time\ninf\n", "is no time"),
        ("time,event\n1,2\n", r"event is '2'[\s\S]*0 or 1"),
        ("time,event\n1\n", r"1 entries, and there are 2 columns[\s\S]*line=2"),
        ("time,time\n1,1\n", "its columns are"),
        ("lower\n1\n", "its columns are"),
        ("time,lower,upper\n1,1,1\n", "its columns are"),
        ("time,colour\n1,red\n", "its columns are"),
        ("lower,upper\n2,1\n", r"is no interval[\s\S]*line=2"),
        ("time,count\n1,1.5\n", r"not a whole number[\s\S]*line=2"),
        ('time\n"1\n', "unexpected end"),
    ],
)
def test_a_malformed_table_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as error:
        read_observations(written(tmp_path, text))
    assert error.value.context["path"] == tmp_path / "data.csv"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_observations(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="decode"):
        read_observations(tmp_path / "binary.csv")
