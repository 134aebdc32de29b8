# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "The adjoint gradient of PSWAP inside qjit is wrong"
# component = "catalyst"
# summary = """
# catalyst.grad with diff_method="adjoint" of a circuit with qml.PSWAP on lightning.qubit, with respect to its angle,
# is silently wrong; the value and the derivatives of other gates are right. So is parameter-shift, and so is
# the same device without qjit, where PSWAP is decomposed. Lightning has a kernel and a generator of its own for it.
# """
# oracle = "parameter-shift rule on dense 4 x 4 matrices in NumPy"
# upstream = ["https://github.com/PennyLaneAI/pennylane-lightning/pull/1093"]
# workaround = "diff_method='parameter-shift', or SWAP, CNOT, PhaseShift, CNOT"
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-gradient"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=2), diff_method="adjoint")
def circuit(angle):
    qml.RX(0.4, wires=0)
    qml.RY(0.7, wires=1)
    qml.PSWAP(angle, wires=[0, 1])
    qml.RX(0.5, wires=0)
    return qml.expval(qml.PauliZ(0))


def rx(angle):
    return np.array([[np.cos(angle / 2), -1j * np.sin(angle / 2)], [-1j * np.sin(angle / 2), np.cos(angle / 2)]])


def dense(angle):
    phase = np.exp(1j * angle)
    pswap = np.array([[1, 0, 0, 0], [0, 0, phase, 0], [0, phase, 0, 0], [0, 0, 0, 1]])
    state = np.kron(rx(0.4) @ [1, 0], [np.cos(0.35), np.sin(0.35)])
    state = np.kron(rx(0.5), np.eye(2)) @ pswap @ state
    return float(np.abs(state) ** 2 @ [1, 1, -1, -1])


if __name__ == "__main__":
    angle = 0.9
    observed = float(catalyst.qjit(catalyst.grad(circuit))(angle))
    expected = (dense(angle + np.pi / 2) - dense(angle - np.pi / 2)) / 2
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # five gates
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
