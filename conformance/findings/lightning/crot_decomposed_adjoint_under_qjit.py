# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "CRot written as RZ, RY and CNOT gates is differentiated right in @qjit"
# component = "lightning"
# summary = """
# A controlled rotation written out by hand: RZ, CNOT, RZ, RY, CNOT, RY, RZ on the target and controls.
# catalyst.grad with diff_method="adjoint" on lightning.qubit is right on every release, also on 0.11 and
# 0.12, which fail on qml.CRot.
# """
# oracle = "finite differences of the dense matrices of CRot itself, in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/1571"]
# see = ["lightning/crot_adjoint_under_qjit"]
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


def controlled_rotation(a, b, c, control, target):
    """CRot(a, b, c) in gates that lightning.qubit differentiates; equal to it, global phase included."""
    qml.RZ((a - c) / 2, wires=target)
    qml.CNOT(wires=[control, target])
    qml.RZ(-(a + c) / 2, wires=target)
    qml.RY(-b / 2, wires=target)
    qml.CNOT(wires=[control, target])
    qml.RY(b / 2, wires=target)
    qml.RZ(c, wires=target)


def circuit(angles):
    qml.Hadamard(wires=0)
    qml.RY(0.7, wires=1)
    controlled_rotation(angles[0], angles[1], angles[2], 0, 1)
    qml.RX(0.4, wires=0)
    controlled_rotation(angles[3], angles[4], angles[5], 1, 0)
    return qml.expval(qml.PauliX(0))


def exact_value(angles):
    """The circuit from dense matrices: NumPy only. Wire 0 is the more significant bit."""

    def rot(a, b, c):
        ry = np.array([[np.cos(b / 2), -np.sin(b / 2)], [np.sin(b / 2), np.cos(b / 2)]])
        rz_a, rz_c = (np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]) for t in (a, c))
        return rz_c @ ry @ rz_a

    one, zero, x = np.diag([0.0, 1.0]), np.diag([1.0, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    hadamard = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    rx = np.cos(0.2) * np.eye(2) - 1j * np.sin(0.2) * x
    state = np.kron(hadamard, rot(0.0, 0.7, 0.0))[:, 0]
    state = (np.kron(zero, np.eye(2)) + np.kron(one, rot(*angles[:3]))) @ state
    state = np.kron(rx, np.eye(2)) @ state
    state = (np.kron(np.eye(2), zero) + np.kron(rot(*angles[3:]), one)) @ state
    return float(np.real(state.conj() @ np.kron(x, np.eye(2)) @ state))


def finite_differences(angles):
    step = 1e-5
    shifts = step * np.eye(len(angles))
    return np.array([(exact_value(angles + s) - exact_value(angles - s)) / (2 * step) for s in shifts])


if __name__ == "__main__":
    angles = np.array([0.4, -0.8, 1.3, 0.2, 0.9, -0.5])
    qnode = qml.QNode(circuit, qml.device("lightning.qubit", wires=2), diff_method="adjoint")
    observed = np.asarray(catalyst.qjit(catalyst.grad(qnode))(angles))
    expected = finite_differences(angles)
    error = float(np.max(np.abs(observed - expected)))
    # Central differences: step^2 for the third derivative, at most 1, and eps / step for rounding, both 1e-10 or less.
    tolerance = 1e-9
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"largest gradient entry {np.abs(expected).max():.3f}",
            }
        )
    )
