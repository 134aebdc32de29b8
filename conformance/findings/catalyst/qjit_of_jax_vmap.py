# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax.vmap of a QNode inside @qjit: NotImplementedError, as documented"
# component = "catalyst"
# family = "qnode_without_batching"
# summary = """
# @qjit of jax.vmap(qnode). Catalyst's manual says that JAX transformations inside @qjit must not be applied
# to quantum code, and an exception says so too, if cryptically. catalyst.vmap inside, or jax.vmap outside
# @qjit, work.
# """
# oracle = "dense state vector in NumPy, sample by sample"
# upstream = ["https://docs.pennylane.ai/projects/catalyst/en/stable/dev/sharp_bits.html", "https://docs.pennylane.ai/projects/catalyst/en/stable/dev/jax_integration.html"]
# workaround = "catalyst.vmap inside @qjit, or jax.vmap(qjit(qnode))"
# see = ["catalyst/forward_of_catalyst_vmap", "catalyst/jax_grad_of_vmap_of_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["error"], match = 'Batching rule for .qinst. not implemented', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)
WIRES, BATCH, LAYERS = 4, 8, 2


@qml.qnode(qml.device("lightning.qubit", wires=WIRES), diff_method="adjoint")
def circuit(weights, x):
    for wire in range(WIRES):
        qml.RY(x[wire], wires=wire)
    for layer in range(LAYERS):
        for wire in range(WIRES):
            qml.RZ(weights[layer, wire, 0], wires=wire)
            qml.RY(weights[layer, wire, 1], wires=wire)
            qml.RZ(weights[layer, wire, 2], wires=wire)
        for wire in range(WIRES):
            qml.CNOT(wires=[wire, (wire + 1) % WIRES])
    return qml.expval(qml.PauliZ(0))


def exact_value(weights, x):
    """The circuit for one sample from a dense state vector: NumPy only."""

    def rotate(state, gate, wire):
        return np.moveaxis(np.tensordot(gate, state, axes=(1, wire)), 0, wire)

    def ry(t):
        return np.array([[np.cos(t / 2), -np.sin(t / 2)], [np.sin(t / 2), np.cos(t / 2)]])

    def rz(t):
        return np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)])

    state = np.zeros((2,) * WIRES, complex)
    state[(0,) * WIRES] = 1.0
    for wire in range(WIRES):
        state = rotate(state, ry(x[wire]), wire)
    for layer in weights:
        for wire, (a, b, c) in enumerate(layer):
            state = rotate(state, rz(c) @ ry(b) @ rz(a), wire)
        for wire in range(WIRES):  # CNOT: flip the target where the control is 1
            target = (wire + 1) % WIRES
            state = np.moveaxis(state, (wire, target), (0, 1)).copy()
            state[1] = state[1, ::-1].copy()
            state = np.moveaxis(state, (0, 1), (wire, target))
    probability = np.abs(state) ** 2
    return probability[0].sum() - probability[1].sum()


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    weights = rng.uniform(-np.pi, np.pi, (LAYERS, WIRES, 3))
    batch = rng.uniform(-1.0, 1.0, (BATCH, WIRES))

    batched = catalyst.qjit(jax.vmap(circuit, in_axes=(None, 0)))
    observed = np.asarray(batched(weights, batch))
    expected = np.array([exact_value(weights, x) for x in batch])
    error = float(np.max(np.abs(observed - expected)))
    # Some hundred gates, each with a rounding error of eps on amplitudes of size at most 1.
    tolerance = 1e3 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.ravel().tolist(),
                "expected": expected.ravel().tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
