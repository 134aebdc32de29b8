"""The environment's description and fingerprint, and what a finding requires of it."""

from __future__ import annotations

import importlib.metadata
import platform
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from catalogue.toys import environment
from sharpbits.catalogue import Finding, describe_environment
from sharpbits.catalogue.applicability import missing_requirement
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.gpu.devices import Gpu, visible_gpus


def test_versions_are_those_of_the_running_interpreter() -> None:
    # Oracle: the same questions asked in this process.
    here = describe_environment()
    assert here.python == platform.python_version()
    for name in ("numpy", "pytest", "rich"):
        if name in here.packages:
            assert here.packages[name] == importlib.metadata.version(name)
    assert "pytest" in here.packages


def test_another_interpreter_is_described_without_sharpbits_in_it(tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    bare = describe_environment(tmp_path / "bare" / "bin" / "python")
    assert bare.packages == {}
    assert bare.fingerprint != describe_environment().fingerprint


@pytest.mark.parametrize("name", ["no/such/python", "true"])
def test_a_path_that_is_no_python_is_a_usage_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "true":
        path.write_text("#!/bin/sh\nexit 0\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(UsageError, match="cannot be described") as error:
        describe_environment(path)
    assert "--python" in error.value.resolution


def test_variables_that_steer_the_stack_are_part_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = describe_environment()
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4")
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    steered = describe_environment()
    assert steered.variables["JAX_ENABLE_X64"] == "1"
    assert steered.devices == 4
    assert steered.fingerprint != plain.fingerprint


@given(
    packages=st.dictionaries(st.sampled_from(["jax", "torch", "numpy"]), st.sampled_from(["1.0", "2.0"])),
    executable=st.sampled_from(["/a/python", "/b/python"]),
)
def test_the_fingerprint_depends_on_versions_and_not_on_where_the_interpreter_lies(
    packages: dict[str, str], executable: str
) -> None:
    here = environment(packages=packages, executable=executable)
    assert here.fingerprint == environment(packages=packages).fingerprint
    assert here.fingerprint == environment(packages={**packages, "sharpbits": "9.9"}).fingerprint
    assert here.fingerprint != environment(packages={**packages, "jax": "3.0"}).fingerprint


def fake_nvidia_smi(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


TWO_GPUS = "printf '0, GPU-aa, NVIDIA H200, 570.1, 143771 MiB\\n1, GPU-bb, NVIDIA H200, 570.1, 143771 MiB\\n'"


# A stand-in for the driver's program, in its documented CSV format: no GPU is needed to test the reading of it.
@pytest.mark.parametrize(
    ("allowed", "count"), [(None, 2), ("", 0), ("-1", 0), ("1", 1), ("0,1", 2), ("GPU-bb", 1), ("5", 0)]
)
def test_only_gpus_that_the_user_allows_are_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str | None, count: int
) -> None:
    fake_nvidia_smi(tmp_path, TWO_GPUS, monkeypatch)
    if allowed is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert visible_gpus() == (Gpu("NVIDIA H200", "570.1", "143771 MiB"),) * count


def test_a_driver_that_fails_is_an_error_and_not_the_absence_of_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_nvidia_smi(tmp_path, "exit 9", monkeypatch)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(SharpbitsError, match="GPUs cannot be listed"):
        visible_gpus()


GPU = Gpu("NVIDIA H200", "570.1", "143771 MiB")


@pytest.mark.parametrize(
    ("needs", "facts", "reason"),
    [
        ({}, {}, None),
        ({"script": {"dependencies": ["jax>=0.7"]}}, {}, "jax is not installed"),
        (
            {"without_dependencies": ["A_b"], "script": {"dependencies": ["jax"]}},
            {},
            "A_b is not installed",
        ),
        (
            {"without_dependencies": ["lone>=2"]},
            {"packages": {"lone": "1.0"}},
            "needs lone>=2, 1.0 is installed",
        ),
        ({"without_dependencies": ["lone"]}, {"packages": {"lone": "1.0"}}, None),
        ({"script": {"dependencies": ["jax>=0.7"]}}, {"packages": {"jax": "0.6.2"}}, "needs jax>=0.7, 0.6.2 is"),
        ({"script": {"dependencies": ["jax>=0.7"]}}, {"packages": {"jax": "0.8.0.dev1"}}, None),
        ({"script": {"dependencies": ["Jax_Lib"]}}, {"packages": {"jax-lib": "1"}}, None),
        ({"script": {"dependencies": ["jax; python_version < '3'"]}}, {}, None),
        ({"script": {"requires-python": ">=3.13"}}, {}, "needs Python >=3.13, this is 3.11.7"),
        ({"requires": ["gpu"]}, {}, "needs a GPU"),
        ({"requires": ["gpu"]}, {"gpus": (GPU,)}, None),
        ({"requires": ["devices>=2"]}, {"gpus": (GPU,)}, "needs 2 devices, 1 visible"),
        ({"requires": ["devices>=2"]}, {"gpus": (GPU, GPU)}, None),
        (
            {"requires": ["devices>=2"]},
            {"variables": {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}},
            None,
        ),
        ({"requires": ["package:pennylane_lightning.gpu"]}, {}, "pennylane-lightning-gpu is not installed"),
        ({"requires": ["package:pennylane_lightning.gpu"]}, {"packages": {"pennylane-lightning-gpu": "1"}}, None),
    ],
)
def test_a_finding_that_cannot_run_here_says_what_is_absent(
    finding: Callable[..., Finding], needs: dict[str, object], facts: dict[str, object], reason: str | None
) -> None:
    told = missing_requirement(finding(**needs), environment(**facts))
    assert (told is None) == (reason is None)
    if reason is not None:
        assert told is not None
        assert reason in told


def test_package_names_are_canonical() -> None:
    assert all(name == canonicalize_name(name) for name in describe_environment(Path(sys.executable)).packages)
