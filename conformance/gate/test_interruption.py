"""``sharpbits gate`` that runs the gates itself, ended from outside; oracle: the process table."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from catalogue.programs import killed_at_the_end, obeying_signals, wait_for
from catalogue.toys import alive, command_line
from gate.test_bad_figures import stored


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_the_gates_that_it_runs_end_with_it(tmp_path: Path, number: signal.Signals, status: int) -> None:
    pid_file = tmp_path / "pid"
    (tmp_path / "perf").mkdir()
    (tmp_path / "perf" / "test_slow.py").write_text(
        f"import os, time\ndef test_slow(benchmark):\n    with open({str(pid_file)!r}, 'w') as file:\n"
        "        file.write(str(os.getpid()))\n    time.sleep(600)\n"
    )
    command = command_line(["gate", "--against", stored(tmp_path / "reference.json")])
    program = subprocess.Popen(
        obeying_signals(command), cwd=tmp_path, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with killed_at_the_end(program):
        wait_for(lambda: pid_file.exists() and bool(pid_file.read_text()))
        program.send_signal(number)
        stdout, stderr = program.communicate(timeout=30)
    assert program.returncode == status, "1 would mean that something is slower"
    assert b"Traceback" not in stderr
    assert stdout == b""
    wait_for(lambda: not alive(int(pid_file.read_text())))
