# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane>=0.41", "pennylane-lightning>=0.41", "numpy"]
#
# [tool.sharpbits]
# title = "qml.CRot with adjoint differentiation on lightning.qubit, without @qjit: right"
# component = "lightning"
# summary = """
# qml.grad of a plain QNode with two qml.CRot gates, diff_method="adjoint", lightning.qubit. The gradient is
# right on every release; only @qjit had trouble with CRot.
# """
# oracle = "finite differences of dense matrices in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/1571"]
# see = ["lightning/crot_adjoint_under_qjit"]
# expect = [
#   { when = "pennylane-lightning>=0.41", outcome = ["ok"], seen = ["0.41.1", "0.42.0", "0.43.0", "0.44.0", "0.45.0", "0.46.0.dev15"] },
# ]
# ///
import json

import numpy as np
import pennylane as qml


def circuit(angles):
    qml.Hadamard(wires=0)
    qml.RY(0.7, wires=1)
    qml.CRot(angles[0], angles[1], angles[2], wires=[0, 1])
    qml.RX(0.4, wires=0)
    qml.CRot(angles[3], angles[4], angles[5], wires=[1, 0])
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
    observed = np.asarray(qml.grad(qnode)(qml.numpy.array(angles, requires_grad=True)))
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
