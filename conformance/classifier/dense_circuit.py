"""The classifier's circuit and loss in plain NumPy, written from the definition: the oracle of the modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def rotate(state: Array, gate: Array, wire: int) -> Array:
    return np.moveaxis(np.tensordot(gate, state, axes=(1, wire)), 0, wire)


def ry(angle: float) -> Array:
    return np.array([[np.cos(angle / 2), -np.sin(angle / 2)], [np.sin(angle / 2), np.cos(angle / 2)]])


def rz(angle: float) -> Array:
    return np.diag([np.exp(-0.5j * angle), np.exp(0.5j * angle)])


def cnot(state: Array, control: int, target: int) -> Array:
    state = np.moveaxis(state, (control, target), (0, 1)).copy()
    state[1] = state[1, ::-1].copy()
    return np.moveaxis(state, (0, 1), (control, target))


def expectation(weights: Array, angles: Array) -> float:
    """``<Z0>`` of one row."""
    wires = len(angles)
    state = np.zeros((2,) * wires, complex)
    state[(0,) * wires] = 1.0
    for wire in range(wires):
        state = rotate(state, ry(angles[wire]), wire)
    for layer in weights:
        for wire in range(wires):
            for gate in (rz(layer[wire, 0]), ry(layer[wire, 1]), rz(layer[wire, 2])):
                state = rotate(state, gate, wire)
        if wires > 1:
            for wire in range(wires):
                state = cnot(state, wire, (wire + 1) % wires)
    probability = np.abs(state) ** 2
    return float(probability[0].sum() - probability[1].sum())


def loss(flat: Array, shape: tuple[int, ...], angles: Array, labels: Array, row_weights: Array) -> float:
    """The weighted mean of ``log(1 + exp(l)) - y l``; ``flat`` is weights, bias, alpha in one vector."""
    weights, bias, alpha = flat[:-2].reshape(shape), flat[-2], flat[-1]
    logits = alpha * np.array([expectation(weights, row) for row in angles]) + bias
    return float(np.sum(row_weights * (np.logaddexp(0, logits) - labels * logits)) / np.sum(row_weights))


def differences(function: Callable[[Array], float], at: Array, step: float) -> Array:
    """Central differences of fourth order: the error is some ``step**4`` plus rounding over ``step``."""
    gradient = np.zeros_like(at)
    for index in range(at.size):
        e = np.zeros_like(at)
        e[index] = step
        near = function(at + e) - function(at - e)
        far = function(at + 2 * e) - function(at - 2 * e)
        gradient[index] = (8 * near - far) / (12 * step)
    return gradient
