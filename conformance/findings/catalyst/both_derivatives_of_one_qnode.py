# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "grad and value_and_grad of one QNode in the same @qjit program abort the compiler"
# component = "catalyst"
# summary = """
# One @qjit program takes catalyst.grad of a QNode in one place and catalyst.value_and_grad of the same
# QNode in another. Each alone compiles; together the compiler process aborts on an assertion ("ops have
# different number of results").
# """
# oracle = "closed-form derivative of the cosine in NumPy"
# workaround = "use catalyst.value_and_grad in both places"
# see = ["catalyst/float32_cast_in_differentiated_loss"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["crash"], match = 'error code -', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(weight):
    qml.RX(weight, wires=0)
    return qml.expval(qml.PauliZ(0))


@catalyst.qjit
def both(weight):
    slope = catalyst.grad(circuit)(weight)
    value, same_slope = catalyst.value_and_grad(circuit)(weight)
    return slope, value, same_slope


if __name__ == "__main__":
    observed = [float(result) for result in both(0.5)]  # CompileError: the compiler aborts
    expected = [float(-np.sin(0.5)), float(np.cos(0.5)), float(-np.sin(0.5))]
    error = float(np.max(np.abs(np.subtract(observed, expected))))
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
