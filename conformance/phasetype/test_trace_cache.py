"""The cache of traces: by structure and nothing else; what is damaged, too large or not writable is told."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasetype.patterns import both_ways, patterns, ring
from phasetype.processes import LIMIT_S
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype import Graph, GraphBuilder
from sharpbits.phasetype import cache as cache_module
from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.components import transient_pattern
from sharpbits.phasetype.elimination import eliminate
from sharpbits.phasetype.errors import CacheError, CacheFolderError, DamagedTraceError
from sharpbits.phasetype.pattern import Pattern


@pytest.fixture
def cache(tmp_path: Path) -> TraceCache:
    return TraceCache(tmp_path / "traces")


def stored(cache: TraceCache, pattern: Pattern) -> Path:
    """Store a pattern's elimination and return its file."""
    cache.put({pattern: eliminate(pattern)})
    return cache.folder / f"{pattern.key}.trace"


def switch(rate: float) -> Graph:
    """A closure over a rate: the source code is the same for every one."""
    builder = GraphBuilder(parameters=1)
    builder.start((0,))
    builder.edge((0,), (1,), rate)
    builder.edge((1,), (0,), coefficients=[rate])
    builder.edge((1,), (2,), 1.0)
    return builder.build()


def test_what_was_put_is_what_one_gets(cache: TraceCache) -> None:
    pattern = both_ways(6)
    assert cache.get(pattern) is None
    path = stored(cache, pattern)
    found = cache.get(pattern)
    assert found is not None
    assert found.to_bytes() == eliminate(pattern).to_bytes()
    assert cache.get(both_ways(7)) is None
    assert (cache.info().entries, cache.info().size) == (1, path.stat().st_size)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=patterns(max_size=4), other=patterns(max_size=4))
def test_patterns_that_differ_never_share_an_entry(cache: TraceCache, one: Pattern, other: Pattern) -> None:
    cache.clear()
    stored(cache, one)
    assert (cache.get(other) is not None) == (one == other)


def test_the_name_of_an_entry_knows_the_structure_and_not_the_source_code(cache: TraceCache) -> None:
    """Two closures over another rate have one elimination, which is right for both."""
    (one, _), (other, _) = transient_pattern(switch(1.0)), transient_pattern(switch(5.0))
    stored(cache, one)
    assert one == other
    assert cache.get(other) == eliminate(other)


def test_two_structures_with_one_name_are_an_error(cache: TraceCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if SHA-256 had a collision: the document is compared in full."""
    monkeypatch.setattr(Pattern, "key", "0" * 64)
    stored(cache, ring(4))
    assert cache.get(ring(4)) is not None
    with pytest.raises(CacheError, match="of another structure whose name"):
        cache.get(both_ways(4))
    with pytest.raises(RuntimeError):
        cache.get(both_ways(4))


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        lambda content: content[:-7],
        lambda content: b"",
        lambda content: content + b"\0",
        lambda content: content.replace(b"sharpbits trace 1", b"sharpbits trace 2"),
        lambda content: content[:20] + b"0" * 64 + content[84:],
        pickle.dumps,
    ],
    ids=["flipped", "cut", "empty", "longer", "version", "digest", "pickle"],
)
def test_a_damaged_file_raises_is_set_aside_and_logged(
    cache: TraceCache, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    path = stored(cache, ring(5))
    content = damage(path.read_bytes())
    path.write_bytes(content)
    with caplog.at_level(logging.ERROR), pytest.raises(DamagedTraceError) as error:
        cache.get(ring(5))
    assert isinstance(error.value, RuntimeError)
    assert error.value.context["path"] == path
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "is damaged" in caplog.text
    (aside,) = (cache.folder / "quarantine").iterdir()
    assert aside.read_bytes() == content
    assert (cache.info().entries, cache.info().quarantined) == (0, 1)
    assert cache.get(ring(5)) is None
    stored(cache, ring(5))
    assert cache.get(ring(5)) == eliminate(ring(5))


def test_a_file_with_the_right_digest_and_wrong_operations_is_damaged(cache: TraceCache) -> None:
    """A checksum tells damage on the way; what was wrong when it was written is told by the operations themselves."""
    path = stored(cache, ring(4))
    path.write_bytes(cache_module._content(ring(4), eliminate(Pattern.of([], size=4))))
    with pytest.raises(DamagedTraceError, match="lacks operations"):
        cache.get(ring(4))


def test_somebody_elses_repair_is_not_set_aside(cache: TraceCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process found the damage first, and has stored a good file by the time that we hold the lock."""
    path = stored(cache, ring(4))
    good = path.read_bytes()
    path.write_bytes(flipped(good))
    parse = cache_module._parsed

    def parsed_while_another_repairs(content: bytes) -> object:
        path.write_bytes(good)
        return parse(content)

    monkeypatch.setattr(cache_module, "_parsed", parsed_while_another_repairs)
    with pytest.raises(DamagedTraceError):
        cache.get(ring(4))
    assert path.read_bytes() == good
    assert cache.info().quarantined == 0


def test_a_folder_that_cannot_be_made_is_a_permission_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = TraceCache(tmp_path / "file" / "traces")
    for failing in (cache.check, lambda: cache.put({ring(3): eliminate(ring(3))})):
        with pytest.raises(CacheFolderError, match="cannot be made or written to") as error:
            failing()
        assert isinstance(error.value, PermissionError)
        assert error.value.context == {"folder": cache.folder}


def test_a_folder_that_may_not_be_written_to_is_a_permission_error(tmp_path: Path) -> None:
    """In a process that is not root, if these tests are: root may write everywhere."""
    folder = tmp_path / "traces"
    folder.mkdir()
    folder.chmod(0o555)
    tmp_path.chmod(0o755)
    program = """
        import os
        from pathlib import Path
        from sharpbits.phasetype.cache import TraceCache
        if os.geteuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        try:
            TraceCache(Path("traces")).check()
        except PermissionError as error:
            print(error)
    """
    # Reached from where the process already is: the folders above are for their owner only.
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=LIMIT_S, cwd=tmp_path
    )
    assert "cannot be made or written to: Permission denied" in done.stdout, done.stderr


def test_what_the_disk_does_not_take_is_a_warning(
    cache: TraceCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise SharpbitsError("a file could not be written", why="No space left on device", resolution="")

    monkeypatch.setattr(cache_module, "write_atomically", full)
    cache.put({ring(3): eliminate(ring(3))})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    assert cache.get(ring(3)) is None


def test_a_miss_is_logged_and_a_file_that_cannot_be_read_is_an_error(
    cache: TraceCache, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "sharpbits"):
        assert cache.get(ring(3)) is None
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    (cache.folder / f"{ring(3).key}.trace").mkdir(parents=True)
    with pytest.raises(CacheError, match="its file cannot be read: Is a directory"):
        cache.get(ring(3))


def test_a_writer_that_is_killed_leaves_no_part_of_an_entry(cache: TraceCache) -> None:
    """It dies when all is written and nothing has its name yet; the lock that it held is free."""
    cache.check()
    program = """
        import os, signal, sys
        from pathlib import Path
        from sharpbits.phasetype.cache import TraceCache
        from sharpbits.phasetype.elimination import eliminate
        from sharpbits.phasetype.pattern import Pattern

        def dies(*_, **__):
            os.kill(os.getpid(), signal.SIGKILL)

        os.replace = os.rename = os.link = Path.replace = Path.rename = dies
        pattern = Pattern.of([(0, 1), (1, 2), (2, 0)], size=3)
        TraceCache(Path(sys.argv[1])).put({pattern: eliminate(pattern)})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(cache.folder)], timeout=LIMIT_S)
    assert done.returncode == -9
    assert cache.get(ring(3)) is None
    assert cache.info().entries == 0
    stored(cache, ring(3))
    assert cache.get(ring(3)) == eliminate(ring(3))


def test_above_the_limit_the_longest_unused_go(tmp_path: Path) -> None:
    sizes = [stored(TraceCache(tmp_path), ring(size)).stat().st_size for size in (10, 11, 12)]
    cache = TraceCache(tmp_path, limit=sum(sizes) + 1)
    for age, size in enumerate((12, 11, 10)):
        os.utime(tmp_path / f"{ring(size).key}.trace", (1000 + age, 1000 + age))
    assert cache.get(ring(12)) is not None  # which makes it the last one used
    stored(cache, ring(9))
    kept = [size for size in (9, 10, 11, 12) if (tmp_path / f"{ring(size).key}.trace").exists()]
    assert kept == [9, 10, 12]
    TraceCache(tmp_path, limit=0).put({})
    assert cache.info().entries == 0


def test_files_that_are_not_ours_are_left_alone(cache: TraceCache) -> None:
    stored(cache, ring(3))
    mine = cache.folder / "mine.trace"
    mine.write_text("not ours")
    assert cache.info().entries == 1
    assert cache.clear() == 1
    assert mine.exists()
    assert TraceCache(cache.folder / "nowhere").clear() == 0


def test_four_processes_share_a_folder_under_constant_eviction(tmp_path: Path) -> None:
    """Each stores and reads forty patterns in an order of its own, in a folder for a fifth of them."""
    program = """
        import random, sys
        from pathlib import Path
        from sharpbits.phasetype.cache import TraceCache
        from sharpbits.phasetype.elimination import eliminate
        from sharpbits.phasetype.pattern import Pattern
        patterns = [Pattern.of([(i, (i + 1) % n) for i in range(n)], size=n) for n in range(3, 43)]
        cache = TraceCache(Path(sys.argv[1]), limit=12000)
        random.seed(int(sys.argv[2]))
        hits = 0
        for _ in range(3):
            for pattern in random.sample(patterns, len(patterns)):
                found = cache.get(pattern)
                hits += found is not None
                if found is None:
                    cache.put({pattern: eliminate(pattern)})
                else:
                    assert found == eliminate(pattern)
        print(hits)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in range(4)
    ]
    outcomes = [one.communicate(timeout=LIMIT_S) for one in running]
    assert [one.returncode for one in running] == [0] * 4, [err for _, err in outcomes]
    assert sum(int(out) for out, _ in outcomes) > 0
    assert TraceCache(tmp_path).info().size <= 12000
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".sharpbits-")] == []


def test_a_lock_that_is_held_for_ever_is_an_error(cache: TraceCache, monkeypatch: pytest.MonkeyPatch) -> None:
    import filelock

    monkeypatch.setattr(cache_module, "_LOCK_S", 0.05)
    cache.check()
    with filelock.FileLock(cache.folder / ".lock"), pytest.raises(CacheError, match="has held its lock"):
        cache.put({ring(3): eliminate(ring(3))})


def test_the_environment_names_folder_and_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHARPBITS_TRACES", str(tmp_path))
    monkeypatch.setenv("SHARPBITS_TRACES_GIB", "0.5")
    assert TraceCache.default() == TraceCache(tmp_path, 1 << 29)
    for nonsense in ("much", "inf"):
        monkeypatch.setenv("SHARPBITS_TRACES_GIB", nonsense)
        with pytest.raises(UsageError, match="SHARPBITS_TRACES_GIB"):
            TraceCache.default()


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sharpbits.cli", "cache", *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, **variables},
    )


def test_the_command_line_tells_and_clears(cache: TraceCache) -> None:
    for size in (3, 4):
        stored(cache, ring(size))
    path = stored(cache, ring(5))
    path.write_bytes(b"damaged")
    with pytest.raises(DamagedTraceError):
        cache.get(ring(5))
    told = json.loads(command("info", "--json", SHARPBITS_TRACES=str(cache.folder)).stdout)
    assert told == {
        "folder": str(cache.folder),
        "entries": 2,
        "size": cache.info().size,
        "limit": 1 << 30,
        "quarantined": 1,
    }
    assert "traces       2\n" in command("info", "--folder", str(cache.folder)).stdout
    assert command("clear", "--folder", str(cache.folder)).stdout == f"removed 3 files from {cache.folder}\n"
    assert cache.info().entries == 0


def test_a_cache_that_cannot_be_read_is_an_error_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for what in ("info", "clear"):
        done = command(what, "--folder", str(tmp_path / "file"))
        assert done.returncode == 2
        assert "the cache of traces cannot be used" in done.stderr


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_file_never_gives_anything_but_the_elimination(cache: TraceCache, data: st.DataObject) -> None:
    path = stored(cache, ring(4))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = cache.get(ring(4))
    except DamagedTraceError:
        assert not path.exists()
    else:
        assert found == eliminate(ring(4))
        assert np.array_equal(found.order, [0, 1, 2, 3])
