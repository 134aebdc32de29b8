# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of a loss with a data argument: abort from 18 angles on, since 0.15"
# component = "catalyst"
# summary = """
# A classical loss around a QNode, here (qnode - 1)**2, that takes weights and data, differentiated in the
# weights: the standard form of a training step. Since 0.15 the compiler aborts inside Enzyme as soon as the
# circuit has 18 or more rotation angles; with 17 it compiles and is right. Up to 0.14.1 any number is
# right.
# """
# oracle = "closed form: all gates rotate about one axis"
# instead = "sharpbits.classifier.mean_loss_and_gradient"
# workaround = "argnums=[0, 1], or catalyst.grad of the bare QNode + chain rule"
# see = ["catalyst/hybrid_loss_with_all_arguments", "catalyst/vmap_of_bare_qnode_grad", "catalyst/grad_of_unrolled_batch"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.15", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1"] },
#   { when = "pennylane-catalyst>=0.15", outcome = ["crash"], match = 'DUP_NONEED', seen = ["0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)
WEIGHTS = 17  # and the angle of the data: 18 in all


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(weights, x):
    qml.RX(x, wires=0)
    for i in range(WEIGHTS):
        qml.RX(weights[i], wires=0)
    return qml.expval(qml.PauliZ(0))


def loss(weights, x):
    return (circuit(weights, x) - 1.0) ** 2


if __name__ == "__main__":
    weights = np.linspace(0.05, 0.15, WEIGHTS)
    x = 0.3

    observed = np.asarray(catalyst.qjit(catalyst.grad(loss))(weights, x))
    # All rotations are about one axis: the circuit is cos(angle), and all weights have the same derivative.
    angle = x + np.sum(weights)
    expected = np.full(WEIGHTS, -2 * (np.cos(angle) - 1) * np.sin(angle))

    error = float(np.max(np.abs(observed - expected)))
    # Some twenty gates with a rounding error of eps each, times a factor of at most 4 from the square.
    tolerance = 100 * np.finfo(np.float64).eps
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
