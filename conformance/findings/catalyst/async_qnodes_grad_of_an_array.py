# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "With async_qnodes no gradient with respect to an array of angles compiles"
# component = "catalyst"
# summary = """
# qjit(async_qnodes=True) runs QNodes side by side. Their values compile, and so does a gradient with respect
# to a scalar; as soon as two entries of an array are differentiated, Enzyme gives up with "Cannot deduce
# type of copy" from 0.12 on. So nothing that trains can use it.
# """
# oracle = "derivative of cos(a + b), closed form"
# workaround = "qjit without async_qnodes"
# see = ["catalyst/both_derivatives_of_one_qnode"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.12", outcome = ["ok"], seen = ["0.11.0"] },
#   { when = "pennylane-catalyst>=0.12", outcome = ["compile-error"], match = 'Cannot deduce type of copy', seen = ["0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(angles):
    qml.RX(angles[0], wires=0)
    qml.RX(angles[1], wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angles = np.array([0.3, 0.4])
    gradient = catalyst.qjit(catalyst.grad(circuit), async_qnodes=True)
    observed = np.asarray(gradient(angles))  # CompileError
    expected = np.full(2, -np.sin(angles.sum()))
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 100 * float(np.finfo(np.float64).eps)  # two rotations
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
