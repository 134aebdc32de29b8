# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "qml.adjoint of a function: the parameter-shift gradient is zero, or does not compile"
# component = "catalyst"
# family = "grad_of_adjoint_of_a_function"
# summary = """
# Up to 0.13 catalyst.grad with diff_method="parameter-shift" sees no angle inside qml.adjoint(layer)(weights) and
# returns zero for it, silently; since 0.14 the same program does not compile. The adjoint of a single gate,
# qml.adjoint(qml.RX(angle, wires=0)), differentiates.
# """
# oracle = "derivative of cos(a), closed form"
# workaround = "write the inverse gates in reverse order, each with its angle negated"
# see = ["catalyst/grad_of_adjoint_of_a_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.14", outcome = ["wrong-gradient"], seen = ["0.11.0", "0.12.0", "0.13.0"] },
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


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="parameter-shift")
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
