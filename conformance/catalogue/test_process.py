"""One program in its own session: its limits hold, whatever it does, and nothing of it stays behind."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from catalogue.toys import alive
from sharpbits.catalogue import process
from sharpbits.catalogue.process import STDERR_KEPT, STDOUT_LIMIT, Limits, ProcessEnd, run_isolated
from sharpbits.interruption import Stop

ROOMY = Limits(seconds=60, memory=2 << 30)


def run(tmp_path: Path, body: str, limits: Limits = ROOMY, stop: threading.Event | None = None) -> ProcessEnd:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(body), encoding="utf-8")
    return run_isolated([sys.executable, path], cwd=tmp_path, variables=os.environ, limits=limits, stop=stop)


def lives_on(pid_file: Path) -> bool:
    """The oracle for what stays behind: ask the process table for the pid the program wrote down."""
    return alive(int(pid_file.read_text()))


def test_output_and_status_of_a_program_are_returned(tmp_path: Path) -> None:
    end = run(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (end.returncode, end.stdout, end.stderr) == (3, "out\n", "err\n")
    assert end.left_behind == ()


def test_output_that_fills_both_pipes_does_not_block_the_program(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import sys
        for _ in range(1000):
            sys.stdout.write("o" * 1000)
            sys.stderr.write("e" * 6000)
        sys.stderr.write("the end")
        """,
    )
    assert end.returncode == 0
    assert len(end.stdout) == 1_000_000, "stdout is kept whole"
    assert len(end.stderr) == STDERR_KEPT, "stderr is kept up to its limit"
    assert end.stderr.endswith("the end"), "and it is the end that is kept"


def test_a_program_over_its_time_is_killed(tmp_path: Path) -> None:
    end = run(tmp_path, "import time; time.sleep(600)", Limits(seconds=0.5, memory=1 << 30))
    assert end.over_time
    assert end.returncode < 0


def test_a_program_that_ignores_sigterm_is_killed_all_the_same(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import os, pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path("pid").write_text(str(os.getpid()))
        time.sleep(600)
        """,
        Limits(seconds=4.0, memory=1 << 30),
    )
    assert end.over_time
    assert end.returncode == -9
    assert not lives_on(tmp_path / "pid")


def test_a_program_that_fills_memory_is_killed_at_its_limit(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import time
        hoard = []
        while True:
            hoard.append(bytearray(b"x" * (8 << 20)))
            time.sleep(0.01)
        """,
        Limits(seconds=60, memory=256 << 20),
    )
    assert end.over_memory
    assert end.peak_memory > 256 << 20


def test_memory_is_counted_over_the_whole_process_tree(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import time; x = b'x' * (300 << 20); time.sleep(600)"])
        """,
        Limits(seconds=60, memory=256 << 20),
    )
    assert end.over_memory


def test_a_program_that_prints_without_end_is_stopped(tmp_path: Path) -> None:
    end = run(tmp_path, "while True: print('x' * 65536)")
    assert end.over_output
    assert len(end.stdout) < 2 * STDOUT_LIMIT, "and what it printed is not hoarded"


@pytest.mark.parametrize("detach", [False, True], ids=["in_its_group", "in_a_session_of_its_own"])
def test_a_child_left_running_is_named_and_killed(tmp_path: Path, detach: bool) -> None:
    end = run(
        tmp_path,
        f"""
        import pathlib, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session={detach})
        pathlib.Path("pid").write_text(str(child.pid))
        """,
    )
    assert end.returncode == 0
    assert len(end.left_behind) == 1
    assert (tmp_path / "pid").read_text() in end.left_behind[0]
    assert not lives_on(tmp_path / "pid")


def test_a_child_that_ends_by_itself_a_moment_later_is_not_held_against_the_program(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import subprocess
        subprocess.Popen(["sleep", "0.2"])
        """,
    )
    assert end.left_behind == ()


def test_children_of_a_killed_program_are_killed_too(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        pathlib.Path("pid").write_text(str(child.pid))
        time.sleep(600)
        """,
        Limits(seconds=4.0, memory=1 << 30),
    )
    assert end.over_time
    assert not lives_on(tmp_path / "pid")


def test_a_stop_request_ends_the_program_at_once(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()
    end = run(tmp_path, "import time; time.sleep(600)", stop=stop)
    assert end.interrupted
    assert time.monotonic() - started < 30, "it did not wait for the time limit"


def test_a_stop_request_in_haste_kills_at_once_what_ignores_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_TERM_GRACE_S", 600.0)
    stop = Stop()
    threading.Timer(1.0, stop.set).start()
    threading.Timer(1.5, setattr, (stop, "hurried", True)).start()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    end = run(tmp_path, code, stop=stop)
    assert end.interrupted
    assert end.seconds < 30


def test_a_program_that_closes_its_output_is_still_waited_for(tmp_path: Path) -> None:
    end = run(
        tmp_path,
        """
        import os, time
        os.close(1); os.close(2)
        time.sleep(0.5)
        os._exit(7)
        """,
    )
    assert end.returncode == 7


def test_no_core_file_is_written(tmp_path: Path) -> None:
    end = run(tmp_path, "import resource; print(resource.getrlimit(resource.RLIMIT_CORE)); import os; os.abort()")
    assert "(0, 0)" in end.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]
