# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane>=0.41", "pennylane-lightning>=0.41", "numpy"]
#
# [tool.sharpbits]
# title = "qml.Rot with adjoint differentiation on lightning.gpu"
# component = "lightning"
# summary = """
# qml.grad of a plain QNode made of qml.Rot gates and CNOT rings, diff_method="adjoint", lightning.gpu.
# Releases of 2024 applied the adjoint of Rot wrongly, and the gradient with it, until the linked change.
# This file was not run on a GPU yet: it records no expectation for any release, and without one it expects
# the right gradient.
# """
# oracle = "dense state vector in NumPy, exact parameter-shift rule"
# upstream = ["https://github.com/PennyLaneAI/pennylane-lightning/pull/1004"]
# see = ["lightning/rot_adjoint", "lightning/strongly_entangling_layers_adjoint_gpu"]
# requires = ["gpu", "package:pennylane-lightning-gpu"]
# ///
import json

import numpy as np
import pennylane as qml

WIRES, LAYERS = 4, 2


@qml.qnode(qml.device("lightning.gpu", wires=WIRES), diff_method="adjoint")
def circuit(weights):
    for layer in range(LAYERS):
        for wire in range(WIRES):
            qml.Rot(weights[layer, wire, 0], weights[layer, wire, 1], weights[layer, wire, 2], wires=wire)
        for wire in range(WIRES):
            qml.CNOT(wires=[wire, (wire + 1) % WIRES])
    return qml.expval(qml.PauliZ(0))


def exact_value(weights):
    """The circuit from a dense state vector: NumPy only."""

    def rot(a, b, c):
        ry = np.array([[np.cos(b / 2), -np.sin(b / 2)], [np.sin(b / 2), np.cos(b / 2)]])
        rz_a, rz_c = (np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]) for t in (a, c))
        return rz_c @ ry @ rz_a

    state = np.zeros((2,) * WIRES, complex)
    state[(0,) * WIRES] = 1.0
    for angles in weights:
        for wire in range(WIRES):
            state = np.moveaxis(np.tensordot(rot(*angles[wire]), state, axes=(1, wire)), 0, wire)
        for wire in range(WIRES):  # CNOT: flip the target where the control is 1
            target = (wire + 1) % WIRES
            state = np.moveaxis(state, (wire, target), (0, 1)).copy()
            state[1] = state[1, ::-1].copy()
            state = np.moveaxis(state, (0, 1), (wire, target))
    probability = np.abs(state) ** 2
    return probability[0].sum() - probability[1].sum()


def exact_gradient(weights):
    """Every weight is one rotation angle, so the shift rule with pi/2 is exact, not an approximation."""
    gradient = np.zeros_like(weights)
    for index in np.ndindex(weights.shape):
        shift = np.zeros_like(weights)
        shift[index] = np.pi / 2
        gradient[index] = (exact_value(weights + shift) - exact_value(weights - shift)) / 2
    return gradient


if __name__ == "__main__":
    weights = np.random.default_rng(0).uniform(-np.pi, np.pi, (LAYERS, WIRES, 3))

    observed = np.asarray(qml.grad(circuit)(qml.numpy.array(weights, requires_grad=True)))
    expected = exact_gradient(weights)
    error = float(np.max(np.abs(observed - expected)))
    # Some hundred gates, each with a rounding error of eps on amplitudes of size at most 1.
    tolerance = 1e3 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.ravel().tolist(),
                "expected": expected.ravel().tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"largest gradient entry {np.abs(expected).max():.3f}",
            }
        )
    )
