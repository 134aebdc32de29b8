# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of the same loss in weights and data (argnums=[0, 1]): right"
# component = "catalyst"
# summary = """
# The loss of hybrid_loss_with_data_argument with many more angles, differentiated with respect to the data
# too: no argument is held constant, the compiler does not abort, and the gradient in the weights is right
# on every release. The gradient in the data is thrown away.
# """
# oracle = "closed form: all gates rotate about one axis"
# see = ["catalyst/hybrid_loss_with_data_argument"]
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
WEIGHTS = 40


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(weights, x):
    qml.RX(x, wires=0)
    for i in range(WEIGHTS):
        qml.RX(weights[i], wires=0)
    return qml.expval(qml.PauliZ(0))


def loss(weights, x):
    return (circuit(weights, x) - 1.0) ** 2


if __name__ == "__main__":
    weights = np.linspace(0.01, 0.03, WEIGHTS)
    x = 0.3

    gradient = catalyst.qjit(catalyst.grad(loss, argnums=[0, 1]))
    observed = np.asarray(gradient(weights, x)[0])
    # All rotations are about one axis: the circuit is cos(angle), and all weights have the same derivative.
    angle = x + np.sum(weights)
    expected = np.full(WEIGHTS, -2 * (np.cos(angle) - 1) * np.sin(angle))

    error = float(np.max(np.abs(observed - expected)))
    # Some forty gates with a rounding error of eps each, times a factor of at most 4 from the square.
    tolerance = 200 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
