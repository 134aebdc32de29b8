"""GPU leases, with real processes that are killed. The GPUs are a stand-in for the driver's program: none is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpbits.gpu.lease import LeaseError, allowed_devices, sharers, take_lease

HOLDER = """
import sys
from pathlib import Path
from sharpbits.gpu.lease import take_lease
lease = take_lease({devices!r}, {share}, folder=Path({folder!r}), wait_s={wait_s})
print(lease.device, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that takes a lease, tells which GPU, and holds it until it is told to end, or killed."""
    started: list[subprocess.Popen[str]] = []

    def start(devices: list[str], share: int = 1, wait_s: float = 0.0) -> subprocess.Popen[str]:
        code = HOLDER.format(devices=devices, share=share, folder=str(tmp_path / "leases"), wait_s=wait_s)
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def device_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_each_process_gets_a_gpu_of_its_own(holder: Callable[..., subprocess.Popen[str]]) -> None:
    assert sorted(device_of(holder(["0", "1"])) for _ in range(2)) == ["0", "1"]


def test_a_process_too_many_is_refused_with_what_to_do(
    holder: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    device_of(holder(["0"]))
    with pytest.raises(LeaseError) as error:
        take_lease(["0"], 1, folder=tmp_path / "leases", wait_s=0.0)
    assert "all 1 slots are taken" in error.value.why
    assert "--gpu-share" in error.value.resolution


def test_a_killed_process_gives_its_lease_back(holder: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    first = holder(["0"])
    assert device_of(first) == "0"
    first.kill()
    first.wait()
    assert take_lease(["0"], 1, folder=tmp_path / "leases", wait_s=5.0).device == "0"


def test_a_waiting_process_takes_the_slot_of_one_that_is_killed_meanwhile(
    holder: Callable[..., subprocess.Popen[str]],
) -> None:
    first = holder(["0"])
    assert device_of(first) == "0"
    second = holder(["0"], wait_s=60.0)
    assert second.poll() is None
    first.kill()
    assert device_of(second) == "0"


def test_a_child_of_the_holder_does_not_keep_the_lease_alive(tmp_path: Path) -> None:
    """A finding that is still dying must not block the replacement worker."""
    folder = str(tmp_path / "leases")
    code = (
        "import os, subprocess, sys\nfrom pathlib import Path\nfrom sharpbits.gpu.lease import take_lease\n"
        f"lease = take_lease(['0'], 1, folder=Path({folder!r}))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    try:
        assert take_lease(["0"], 1, folder=tmp_path / "leases", wait_s=5.0).device == "0"
    finally:
        os.kill(int(ended.stdout), 9)


def test_sharers_fill_every_gpu_before_they_double_up(holder: Callable[..., subprocess.Popen[str]]) -> None:
    taken = [device_of(holder(["0", "1"], share=2)) for _ in range(4)]
    assert sorted(taken[:2]) == ["0", "1"]
    assert Counter(taken) == {"0": 2, "1": 2}


def test_sharers_divide_the_memory_that_jax_takes(tmp_path: Path) -> None:
    alone = take_lease(["0"], 1, folder=tmp_path / "alone").variables()
    shared = take_lease(["1"], 3, folder=tmp_path / "shared").variables()
    assert alone == {"CUDA_VISIBLE_DEVICES": "0"}
    assert shared == {"CUDA_VISIBLE_DEVICES": "1", "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.300"}


@given(
    st.none() | st.lists(st.sampled_from(["0", "1", "7", "GPU-b", "-1", " 2 "]), max_size=4),
    st.lists(st.sampled_from(["GPU-a", "GPU-b"]), unique=True),
)
def test_no_device_outside_the_users_own_list_is_ever_used(named: list[str] | None, installed: list[str]) -> None:
    variables = {} if named is None else {"CUDA_VISIBLE_DEVICES": ",".join(named)}
    devices = allowed_devices(variables, installed)
    if named is None:
        assert devices == installed
    else:
        clean = [name.strip() for name in named]
        assert devices == clean[: clean.index("-1")] if "-1" in clean else devices == clean


@given(st.integers(1, 64), st.integers(1, 8))
def test_auto_gives_every_worker_a_place_and_no_more_share_than_needed(workers: int, devices: int) -> None:
    share = sharers(workers, devices, "auto")
    assert devices * share >= workers
    assert share == 1 or devices * (share - 1) < workers


@pytest.mark.parametrize("asked", ["0", "-1", "two", ""])
def test_a_share_that_is_no_positive_number_is_refused(asked: str) -> None:
    with pytest.raises(LeaseError):
        sharers(2, 1, asked)


SUITE = """
import json, os, pathlib, time
import pytest

@pytest.mark.parametrize("number", range(8))
def test_sees_one_gpu(number):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    seen = {"worker": worker, "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "fraction": os.environ.get("XLA_PYTHON_CLIENT_MEM_FRACTION")}
    pathlib.Path(f"seen-{number}.json").write_text(json.dumps(seen))
    if number == 3 and not pathlib.Path("died").exists():
        pathlib.Path("died").touch()
        os._exit(1)  # the worker dies, a replacement with a new id takes over
    if number == 7 and os.environ.get("WAIT_FOR_REPLACEMENT"):
        deadline = time.monotonic() + 60
        while len(list(pathlib.Path().glob("worker-*"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
"""
CONFTEST = """
import os
# What a conftest that imports a CUDA library would see.
AT_IMPORT = os.environ.get("CUDA_VISIBLE_DEVICES")
def pytest_configure(config):
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    assert seen == AT_IMPORT
    if "PYTEST_XDIST_WORKER" in os.environ:
        with open(f"worker-{os.environ['PYTEST_XDIST_WORKER']}", "w") as started:
            started.write(str(seen))
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """A suite whose tests write down which GPU they may use, on a machine with two (a stand-in for nvidia-smi)."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '0, GPU-aa, NVIDIA H200, 1, 1 MiB\\n1, GPU-bb, NVIDIA H200, 1, 1 MiB\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in ("CUDA_VISIBLE_DEVICES", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    # Lease files of its own: other runs on this machine may hold real ones.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(test_gpus=SUITE)
    pytester.makeconftest(CONFTEST)
    return pytester


def seen(project: pytest.Pytester) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in project.path.glob("seen-*.json"):
        one = json.loads(path.read_text())
        found.setdefault(one["worker"], set()).add(one["gpu"])
    return found


def test_workers_see_one_gpu_each_and_a_replacement_takes_the_free_one(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAIT_FOR_REPLACEMENT", "1")
    result = project.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    leased = {path.name.removeprefix("worker-"): path.read_text() for path in project.path.glob("worker-*")}
    assert set(leased) == {"gw0", "gw1", "gw2"}, "two workers and the replacement of the one that died"
    assert {leased["gw0"], leased["gw1"]} == {"GPU-aa", "GPU-bb"}
    died = next(worker for worker in ("gw0", "gw1") if f"worker '{worker}' crashed" in result.stdout.str())
    assert leased["gw2"] == leased[died], "the free one"
    for worker, gpus in seen(project).items():
        assert gpus == {leased[worker]}, "and it stays the same from test to test"


def test_workers_stay_within_what_the_user_allows(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    (project.path / "died").touch()
    project.runpytest_subprocess("-n", "2").assert_outcomes(passed=8)
    assert {gpu for gpus in seen(project).values() for gpu in gpus} == {"1"}
    fractions = {json.loads(path.read_text())["fraction"] for path in project.path.glob("seen-*.json")}
    assert fractions == {"0.450"}, "two workers share it"


def test_more_workers_than_the_share_allows_is_an_error(project: pytest.Pytester) -> None:
    (project.path / "died").touch()
    result = project.runpytest_subprocess("-n", "3", "--gpu-share", "1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "3 workers, but 2 GPUs with --gpu-share 1 have only 2 places" in result.stderr.str()


def test_without_xdist_nothing_is_touched(project: pytest.Pytester) -> None:
    (project.path / "died").touch()
    project.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=8)
    assert seen(project) == {"main": {None}}
