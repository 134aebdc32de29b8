"""PennyLane devices: which there are, which options each takes, and what to install for one that is missing."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sharpbits.classifier.circuit import circuit
from sharpbits.classifier.errors import UnavailableError, UnsupportedError
from sharpbits.classifier.modes.base import Setup
from sharpbits.extras import missing_extra

#: How each device differentiates the circuit.
DIFFERENTIATION = {"default.qubit": "backprop", "lightning.qubit": "adjoint", "lightning.gpu": "adjoint"}

_COMPLEX = {"complex64": np.complex64, "complex128": np.complex128}


def checked_options(device: str, options: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    """Return a device's options as sorted pairs.

    Raises
    ------
    UnsupportedError
        The device has no such option, or would ignore it.
    """
    for name, value in options.items():
        if device != "lightning.gpu" or name not in ("c_dtype", "use_async"):
            why = f"{device} has no option {name!r}"
            if name == "c_dtype" and device == "lightning.qubit":
                why = "lightning.qubit ignores c_dtype once compiled (finding catalyst/device_c_dtype_is_ignored)"
            raise UnsupportedError(
                "the device option cannot be used",
                why=why,
                resolution="leave it out; lightning.gpu takes c_dtype and use_async",
            )
        if (name == "c_dtype" and value not in _COMPLEX) or (name == "use_async" and not isinstance(value, bool)):
            raise UnsupportedError(
                "the device option cannot be used",
                why=f"{name} cannot be {value!r}",
                resolution="c_dtype is complex64 or complex128, use_async is True or False",
            )
    return tuple(sorted(options.items()))


def require(package: str, purpose: str, extra: str) -> None:
    """Make sure that a package is installed.

    Raises
    ------
    UnavailableError
        It is not.
    """
    if importlib.util.find_spec(package) is None:
        raise missing_extra(
            f"{purpose} is not available", f"the package {package} is not installed", extra, kind=UnavailableError
        )


def qnode(setup: Setup, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a quantum function as a QNode on a new device of the setup, not compiled.

    Raises
    ------
    UnavailableError
        The device is not installed, or the machine has not what it needs.
    """
    require("pennylane", f"the device {setup.device}", "catalyst")
    import pennylane as qml

    options: dict[str, Any] = dict(setup.options)
    if "c_dtype" in options:
        options["c_dtype"] = _COMPLEX[options["c_dtype"]]
    try:
        device = qml.device(setup.device, wires=setup.wires, **options)
    except Exception as error:  # what is raised for a device without its library differs by device and release
        on_gpu = setup.device == "lightning.gpu"
        raise missing_extra(
            f"the device {setup.device} is not available",
            " ".join(f"{type(error).__name__}: {error}".split())[:300],
            "gpu" if on_gpu else "catalyst",
            needs="on a machine with an NVIDIA GPU" if on_gpu else "",
            kind=UnavailableError,
        ) from error
    return qml.QNode(function, device, interface="jax", diff_method=DIFFERENTIATION[setup.device])  # type: ignore[no-any-return]


def compiled(setup: Setup) -> Callable[[Any, Any], Any]:
    """Return the QNode of one sample as a mode maps it: compiled by Catalyst where the device is Lightning's.

    Raises
    ------
    UnavailableError
        Catalyst or the device is not installed.
    """
    node = qnode(setup, circuit(setup.wires))
    if setup.device == "default.qubit":
        return node  # written in JAX, so the mode's own jax.jit compiles it
    require("catalyst", f"compiling for {setup.device}", "catalyst")
    import catalyst

    return catalyst.qjit(node, autograph=False)  # type: ignore[no-any-return]
