# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.vmap of catalyst.grad of the bare QNode, chain rule outside: right everywhere"
# component = "catalyst"
# summary = """
# Training inside @qjit that is right on every release: catalyst.vmap of the bare QNode for the values,
# catalyst.vmap of catalyst.grad of the bare QNode for their gradients, and the chain rule of the loss
# (binary cross-entropy) in jax.numpy. What must not be done is to differentiate through the batching.
# """
# oracle = "dense state vector in NumPy, exact parameter-shift rule, chain rule by hand"
# see = ["catalyst/grad_over_catalyst_vmap", "catalyst/grad_over_lax_map", "catalyst/bare_qnode_grad_in_for_loop"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
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


@catalyst.qjit
def gradient(weights, batch, labels):
    logits = catalyst.vmap(circuit, in_axes=(None, 0))(weights, batch)
    jacobian = catalyst.vmap(catalyst.grad(circuit), in_axes=(None, 0))(weights, batch)
    slopes = -labels / (1 + jnp.exp(labels * logits))  # of log(1 + exp(-label * logit))
    return jnp.mean(slopes[:, None, None, None] * jacobian, axis=0)


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


def exact_gradient(weights, x):
    """Every weight is one rotation angle, so the shift rule with pi/2 is exact, not an approximation."""
    gradient = np.zeros_like(weights)
    for index in np.ndindex(weights.shape):
        shift = np.zeros_like(weights)
        shift[index] = np.pi / 2
        gradient[index] = (exact_value(weights + shift, x) - exact_value(weights - shift, x)) / 2
    return gradient


def exact_loss_gradient(weights, batch, labels):
    """Binary cross-entropy with the expectation value as the logit; chain rule by hand."""
    total = np.zeros_like(weights)
    for x, label in zip(batch, labels):
        logit = exact_value(weights, x)
        total += -label / (1 + np.exp(label * logit)) * exact_gradient(weights, x)
    return total / len(batch)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    weights = rng.uniform(-np.pi, np.pi, (LAYERS, WIRES, 3))
    batch = rng.uniform(-1.0, 1.0, (BATCH, WIRES))
    labels = np.where(rng.uniform(size=BATCH) < 0.5, -1.0, 1.0)

    observed = np.asarray(gradient(weights, batch, labels))
    expected = exact_loss_gradient(weights, batch, labels)
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
