"""The circuit in dense NumPy: Kronecker products and permutation matrices, and its derivatives by parameter shift."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def ry(angle: float) -> Array:
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([[c, -s], [s, c]], dtype=complex)


def rz(angle: float) -> Array:
    return np.diag([np.exp(-0.5j * angle), np.exp(0.5j * angle)])


def on_every_wire(matrices: list[Array]) -> Array:
    whole: Array = np.eye(1)
    for matrix in matrices:
        whole = np.kron(whole, matrix)
    return whole


def cnot(control: int, target: int, wires: int) -> Array:
    whole = np.zeros((2**wires, 2**wires))
    for index in range(2**wires):
        flip = (index >> (wires - 1 - control)) & 1
        whole[index ^ (flip << (wires - 1 - target)), index] = 1
    return whole


def expectation(weights: Array, angles: Array) -> float:
    """``<Z0>`` of one row: ``weights[layers, wires, 3]``, ``angles[wires]``, in float64."""
    wires = len(angles)
    state = on_every_wire([ry(angle) for angle in angles])[:, 0]
    for layer in np.asarray(weights, float):
        state = on_every_wire([rz(w[2]) @ ry(w[1]) @ rz(w[0]) for w in layer]) @ state
        for control in range(wires if wires > 1 else 0):
            state = cnot(control, (control + 1) % wires, wires) @ state
    z = on_every_wire([np.diag([1.0, -1.0])] + [np.eye(2)] * (wires - 1))
    return float((state.conj() @ z @ state).real)


def expectations(weights: Array, angles: Array) -> Array:
    return np.array([expectation(weights, row) for row in angles])


def parameter_shift(weights: Array, angles: Array) -> tuple[Array, Array]:
    """Exact derivatives of a sum of sines: ``[rows, layers, wires, 3]`` and ``[rows, wires]``."""
    by_weights = np.zeros((len(angles), *np.shape(weights)))
    for place in np.ndindex(*np.shape(weights)):
        step = np.zeros(np.shape(weights))
        step[place] = np.pi / 2
        by_weights[(slice(None), *place)] = (
            expectations(weights + step, angles) - expectations(weights - step, angles)
        ) / 2
    by_angles = np.zeros(np.shape(angles))
    for wire in range(np.shape(angles)[1]):
        step = np.pi / 2 * np.eye(np.shape(angles)[1])[wire]
        by_angles[:, wire] = (expectations(weights, angles + step) - expectations(weights, angles - step)) / 2
    return by_weights, by_angles
