# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "qml.adjoint of a function: the adjoint gradient of the QNode fails"
# component = "catalyst"
# family = "grad_of_adjoint_of_a_function"
# summary = """
# The adjoint of a quantum function, as in qml.adjoint(layer)(weights), compiles and is right; its gradient with
# diff_method="adjoint" stops at run time up to 0.13 ("num_train_params <= gradients") and in the compiler, in Enzyme,
# since 0.14. The adjoint of a single gate, qml.adjoint(qml.RX(angle, wires=0)), differentiates.
# """
# oracle = "derivative of cos(a), closed form"
# workaround = "write the inverse gates in reverse order, each with its angle negated"
# see = ["catalyst/parameter_shift_of_adjoint_of_a_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.14", outcome = ["error"], match = 'num_train_params', seen = ["0.11.0", "0.12.0", "0.13.0"] },
#   { when = "pennylane-catalyst>=0.14", outcome = ["compile-error"], match = 'Enzyme', seen = ["0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


def layer(angle):
    qml.RX(angle, wires=0)


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(angle):
    qml.adjoint(layer)(angle)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angle = 0.3
    observed = float(catalyst.qjit(catalyst.grad(circuit))(angle))
    expected = float(-np.sin(angle))
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # one rotation
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
