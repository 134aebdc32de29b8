# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "StronglyEntanglingLayers with adjoint on lightning.qubit in @qjit: right"
# component = "lightning"
# summary = """
# catalyst.grad of a QNode made of qml.StronglyEntanglingLayers, diff_method="adjoint", lightning.qubit. The
# gradient is right to rounding error on every release; there is no need to write the template out by hand
# on this device.
# """
# oracle = "dense state vector in NumPy, exact parameter-shift rule"
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
WIRES, LAYERS = 4, 2


@qml.qnode(qml.device("lightning.qubit", wires=WIRES), diff_method="adjoint")
def circuit(weights):
    qml.StronglyEntanglingLayers(weights, wires=range(WIRES))
    return qml.expval(qml.PauliZ(0))


def exact_value(weights):
    """The circuit from a dense state vector: NumPy only."""

    def rot(a, b, c):
        ry = np.array([[np.cos(b / 2), -np.sin(b / 2)], [np.sin(b / 2), np.cos(b / 2)]])
        rz_a, rz_c = (np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]) for t in (a, c))
        return rz_c @ ry @ rz_a

    state = np.zeros((2,) * WIRES, complex)
    state[(0,) * WIRES] = 1.0
    for layer, angles in enumerate(weights):
        for wire in range(WIRES):
            state = np.moveaxis(np.tensordot(rot(*angles[wire]), state, axes=(1, wire)), 0, wire)
        for wire in range(WIRES):  # CNOT: flip the target where the control is 1
            target = (wire + layer % (WIRES - 1) + 1) % WIRES
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

    observed = np.asarray(catalyst.qjit(catalyst.grad(circuit))(weights))
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
