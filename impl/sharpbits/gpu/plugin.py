"""The pytest side of GPU leases: each xdist worker takes its GPU before conftest files, and so CUDA, are loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest

from sharpbits.gpu.devices import installed_gpus
from sharpbits.gpu.lease import Lease, LeaseError, allowed_devices, sharers, take_lease

LEASE: pytest.StashKey[Lease] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the user say how many workers may share a GPU."""
    parser.getgroup("sharpbits").addoption(
        "--gpu-share",
        metavar="K",
        default="auto",
        help="How many xdist workers may share one GPU; auto (default): as few as give each worker a place.",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[object]) -> None:
    """Refuse in the controller what the workers could not all get: they would die and be restarted in vain."""
    devices = _devices()
    if devices:
        share = sharers(len(specs), len(devices), config.getoption("--gpu-share"))
        if len(specs) > share * len(devices):
            raise pytest.UsageError(
                f"{len(specs)} workers, but {len(devices)} GPUs with --gpu-share {share} have only "
                f"{share * len(devices)} places: start fewer workers, or let more of them share"
            )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Lease a GPU where this process is an xdist worker and there are GPUs; otherwise leave everything as it is."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    devices = _devices()
    if not devices:
        return
    loaded = sorted({"cupy", "jaxlib", "torch"} & set(sys.modules))
    if loaded:
        raise LeaseError(
            "no GPU can be leased",
            why=f"{', '.join(loaded)} is imported already, and may have looked at the GPUs",
            resolution="import it in tests or fixtures, not from a plugin that loads before the conftest files",
        )
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    lease = take_lease(devices, sharers(workers, len(devices), early_config.known_args_namespace.gpu_share))
    os.environ.update(lease.variables())
    early_config.stash[LEASE] = lease


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which GPU this process leased, and how many share it."""
    lease = config.stash.get(LEASE, None)
    return None if lease is None else f"sharpbits: GPU {lease.device} leased, {lease.share} worker(s) may share it"


def _devices() -> list[str]:
    """Return the GPUs that may be leased; none where the machine has none."""
    installed = installed_gpus()
    return allowed_devices(os.environ, [gpu.uuid for gpu in installed]) if installed else []
