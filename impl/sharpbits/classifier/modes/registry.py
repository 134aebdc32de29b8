"""Which modes there are, which devices each runs on, and how ``auto`` chooses. Nothing here ever falls back."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
from collections.abc import Mapping

from sharpbits.classifier.errors import UnsupportedError
from sharpbits.classifier.modes.base import Mode, Setup
from sharpbits.classifier.modes.devices import checked_options
from sharpbits.errors import UsageError

logger = logging.getLogger(__name__)

#: Mode, where its class is, and the devices it runs on, its default first.
_MODES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "vmap": ("sharpbits.classifier.modes.vmap", "Vmap", ("lightning.qubit", "lightning.gpu", "default.qubit")),
    "map": ("sharpbits.classifier.modes.map", "Map", ("lightning.qubit", "lightning.gpu", "default.qubit")),
    "native": ("sharpbits.classifier.modes.native", "Native", ("lightning.qubit", "lightning.gpu")),
    "fused": ("sharpbits.classifier.modes.fused", "Fused", ("statevector",)),
}
MODES = ("auto", *_MODES)
DEVICES = ("auto", "statevector", "default.qubit", "lightning.qubit", "lightning.gpu")

_WHY_NOT = {
    ("native", "default.qubit"): "default.qubit is written in Python and cannot run inside @qjit",
    ("native", "statevector"): "statevector is the simulation of mode fused",
    ("vmap", "statevector"): "statevector is the simulation of mode fused",
    ("map", "statevector"): "statevector is the simulation of mode fused",
}


def choose(mode: str = "auto", device: str = "auto") -> tuple[str, str]:
    """Return the mode and the device to use, both by name.

    ``auto`` is a rule, fastest first as measured in ``perf/test_classifier.py``: ``fused`` where no PennyLane device
    is asked for, ``native`` on Lightning's devices, ``vmap`` on default.qubit. The choice is logged.

    Raises
    ------
    UsageError
        There is no such mode or device.
    UnsupportedError
        The mode does not run on that device.

    >>> choose("native")
    ('native', 'lightning.qubit')
    >>> choose(device="lightning.gpu")
    ('native', 'lightning.gpu')
    """
    _known("mode", mode, MODES)
    _known("device", device, DEVICES)
    if mode == "auto":
        if device in ("auto", "statevector"):
            mode, why = "fused", "it is the fastest, and no PennyLane device is asked for"
        elif device == "default.qubit":
            mode, why = "vmap", "it is the fastest that runs on default.qubit"
        else:
            mode, why = "native", f"it is the fastest that runs on {device}"
        logger.info("mode auto: %s, because %s", mode, why)
    devices = _MODES[mode][2]
    if device == "auto":
        device = devices[0]
        logger.info("device auto: %s, the default of mode %s", device, mode)
    if device not in devices:
        raise UnsupportedError(
            f"mode {mode} does not run on {device}",
            why=_WHY_NOT.get((mode, device), "mode fused simulates the circuit itself and takes no PennyLane device"),
            resolution=f"use one of {', '.join(devices)}, or another mode",
        )
    return mode, device


def get_mode(
    mode: str,
    device: str,
    *,
    layers: int,
    wires: int,
    dtype: str,
    options: Mapping[str, object] | None = None,
) -> Mode:
    """Return a mode for circuits of one size; the same object for the same request, so that it is compiled once.

    Raises
    ------
    UsageError
        A name is unknown, the combination makes no sense, or something is not installed: the error says what.
    """
    mode, device = choose(mode, device)
    return _build(mode, Setup(layers, wires, dtype, device, checked_options(device, options or {})))


@functools.lru_cache(maxsize=32)
def _build(mode: str, setup: Setup) -> Mode:
    module, name, _ = _MODES[mode]
    built: Mode = getattr(importlib.import_module(module), name)(setup)
    return built


def _known(kind: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UsageError(
            f"no such {kind}", why=f"{name!r} is none of {', '.join(names)}", resolution=f"name one of these {kind}s"
        )
