"""The environment a finding runs in: interpreter, package versions, processor, GPUs, steering variables."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from sharpbits.catalogue.process import Limits, run_isolated
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.gpu.devices import Gpu, visible_gpus

#: The packages whose versions a reader wants to see, in this order; all installed ones enter the fingerprint.
STACK = (
    "pennylane-catalyst",
    "pennylane",
    "pennylane-lightning",
    "pennylane-lightning-gpu",
    "jax",
    "torch",
    "phasic",
    "numpy",
)

_PROBE_LIMITS = Limits(seconds=60.0, memory=2 << 30)
#: What is no Python may say anything.
_SAID = 300


@dataclass(frozen=True)
class Environment:
    """Where findings run. Two environments with the same fingerprint give the same results."""

    python: str
    implementation: str
    executable: str
    platform: str
    machine: str
    cpu: str
    cores: int
    packages: dict[str, str]
    variables: dict[str, str]
    #: The operating system, e.g. ``Linux``.
    system: str
    #: The processor's features as the kernel names them, sorted; empty where it names none.
    features: tuple[str, ...]
    gpus: tuple[Gpu, ...]
    #: Of each package or folder whose code may change without its version, a digest of what it holds; None: too much.
    sources: dict[str, str | None] = field(default_factory=dict)

    @property
    def untold(self) -> tuple[str, ...]:
        """The packages and folders of which nobody can tell whether they changed."""
        return tuple(sorted(name for name, digest in self.sources.items() if digest is None))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that can change a result.

        Where the interpreter lies and which sharpbits runs it cannot: findings import neither.
        """
        facts = asdict(self)
        del facts["executable"]
        facts["packages"].pop("sharpbits", None)
        # Where a folder on the path lies cannot, either; what it holds, and what it stands before, can.
        facts["sources"] = [["" if name.startswith("path ") else name, digest] for name, digest in self.sources.items()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def versions(self) -> dict[str, Version]:
        """Installed versions by canonical name, ``python`` among them; versions that are no PEP 440 ones left out."""
        parsed = {"python": Version(self.python.rstrip("+"))}
        for name, text in self.packages.items():
            try:
                parsed[canonicalize_name(name)] = Version(text)
            except InvalidVersion:
                continue
        return parsed

    @property
    def devices(self) -> int:
        """How many devices of one kind a program may use: the GPUs, or the host devices that XLA was told to show."""
        forced = re.search(r"--xla_force_host_platform_device_count=(\d+)", self.variables.get("XLA_FLAGS", ""))
        return max(len(self.gpus), int(forced[1]) if forced else 1)

    def stack(self) -> dict[str, str]:
        """Return the versions of the packages that this project is about, in reading order."""
        return {name: self.packages[name] for name in STACK if name in self.packages}

    def as_dict(self) -> dict[str, Any]:
        """Return what a report stores."""
        return {**asdict(self), "devices": self.devices, "fingerprint": self.fingerprint}


def child_variables(*, foreign: bool) -> dict[str, str]:
    """Return the environment variables a finding gets: the user's own, without what would leak packages into it.

    ``foreign``: the interpreter is not the one that runs sharpbits.
    """
    variables = dict(os.environ)
    if foreign:
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
            variables.pop(name, None)
    # pytest and coverage reach into subprocesses through these; a finding runs as it would in a shell.
    for name in ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "COV_CORE_SOURCE", "COVERAGE_PROCESS_START"):
        variables.pop(name, None)
    return variables


def describe_environment(python: Path | None = None) -> Environment:
    """Describe this interpreter's environment, or another's, in which sharpbits need not be installed.

    Cost: one interpreter start.

    Raises
    ------
    UsageError
        ``python`` is not a runnable Python interpreter.
    """
    executable = Path(sys.executable) if python is None else python
    probe = Path(__file__).with_name("_probe.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="sharpbits-") as folder:
        try:
            ended = run_isolated(
                [executable, "-c", probe],
                cwd=Path(folder),
                variables=child_variables(foreign=python is not None) | {"PYTHONIOENCODING": "utf-8"},
                limits=_PROBE_LIMITS,
            )
        except OSError as error:
            raise _no_interpreter(executable, str(error)) from error
    if ended.over_time:
        raise _no_interpreter(executable, f"it gave no answer within {_PROBE_LIMITS.seconds:.0f} s")
    try:
        facts = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError) as error:
        said = ended.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        raise _no_interpreter(executable, f"exit status {ended.returncode}, {said[0][:_SAID]}") from error
    facts["features"] = tuple(facts["features"])
    return Environment(**facts, gpus=visible_gpus())


def altered_since(environment: Environment, python: Path | None = None) -> str:
    """Say which of an environment's packages came, went or has another version than when it was described.

    Empty: none. Files in folders on the path may change by what is reported there, and are not compared.

    Cost: one interpreter start.
    """
    try:
        now = describe_environment(python)
    except SharpbitsError as error:
        return error.why
    before, after = (one.packages | {"Python": one.python} for one in (environment, now))
    return next((f"another {name}" for name in sorted({*before, *after}) if before.get(name) != after.get(name)), "")


def _no_interpreter(executable: Path, why: str) -> SharpbitsError:
    return UsageError(
        "the environment cannot be described",
        why=why,
        resolution="give --python the path of a Python 3.11 or later interpreter",
        python=executable,
    )
