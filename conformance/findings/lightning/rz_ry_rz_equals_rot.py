# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "RZ, RY, RZ and qml.Rot give the same values and gradients in @qjit"
# component = "lightning"
# summary = """
# The same circuit with qml.Rot(a, b, c) and with RZ(a), RY(b), RZ(c) in this order, compiled with
# catalyst.value_and_grad and adjoint differentiation on lightning.qubit. Values and gradients of both agree
# with the exact ones on every release: writing Rot out by hand neither helps nor hurts.
# """
# oracle = "dense matrices in NumPy and the exact parameter-shift rule"
# see = ["lightning/rot_adjoint"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)
device = qml.device("lightning.qubit", wires=2)


@qml.qnode(device, diff_method="adjoint")
def with_rot(angles):
    for wire in range(2):
        qml.Rot(angles[wire, 0], angles[wire, 1], angles[wire, 2], wires=wire)
    qml.CNOT(wires=[0, 1])
    qml.Rot(angles[2, 0], angles[2, 1], angles[2, 2], wires=0)
    return qml.expval(qml.PauliX(0) @ qml.PauliX(1))


@qml.qnode(device, diff_method="adjoint")
def with_rz_ry_rz(angles):
    for row, wire in ((0, 0), (1, 1), (2, 0)):
        if row == 2:
            qml.CNOT(wires=[0, 1])
        qml.RZ(angles[row, 0], wires=wire)
        qml.RY(angles[row, 1], wires=wire)
        qml.RZ(angles[row, 2], wires=wire)
    return qml.expval(qml.PauliX(0) @ qml.PauliX(1))


@catalyst.qjit
def both(angles):
    return catalyst.value_and_grad(with_rot)(angles), catalyst.value_and_grad(with_rz_ry_rz)(angles)


def exact_value(angles):
    """The circuit from dense matrices: NumPy only."""

    def rot(a, b, c):
        ry = np.array([[np.cos(b / 2), -np.sin(b / 2)], [np.sin(b / 2), np.cos(b / 2)]])
        rz_a, rz_c = (np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]) for t in (a, c))
        return rz_c @ ry @ rz_a

    cnot = np.eye(4)[[0, 1, 3, 2]]
    x = np.array([[0.0, 1.0], [1.0, 0.0]])
    state = np.kron(rot(*angles[2]), np.eye(2)) @ cnot @ np.kron(rot(*angles[0]), rot(*angles[1]))[:, 0]
    return float(np.real(state.conj() @ np.kron(x, x) @ state))


def exact_gradient(angles):
    """Every entry is one rotation angle, so the shift rule with pi/2 is exact, not an approximation."""
    gradient = np.zeros_like(angles)
    for index in np.ndindex(angles.shape):
        shift = np.zeros_like(angles)
        shift[index] = np.pi / 2
        gradient[index] = (exact_value(angles + shift) - exact_value(angles - shift)) / 2
    return gradient


if __name__ == "__main__":
    angles = np.random.default_rng(0).uniform(-np.pi, np.pi, (3, 3))
    observed = [[float(value), *np.asarray(gradient).ravel().tolist()] for value, gradient in both(angles)]
    expected = [exact_value(angles), *exact_gradient(angles).ravel().tolist()]
    error = float(np.max(np.abs(np.array(observed) - np.array(expected))))
    # Some ten gates forward and back, each with a rounding error of eps on amplitudes of size at most 1.
    tolerance = 1e2 * float(np.finfo(np.float64).eps)
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": [expected, expected],
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
