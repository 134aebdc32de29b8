# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A QubitUnitary known at run time only: no gradient of the QNode compiles"
# component = "catalyst"
# family = "grad_through_complex_numbers"
# summary = """
# catalyst.grad with respect to a rotation angle, of a QNode that also applies a QubitUnitary whose matrix
# is an argument or computed from one, is refused by the compiler with "failed to legalize operation
# 'memref.load'", though nothing asks for the matrix's derivative; with adjoint and with parameter-shift.
# The same QNode's value compiles and is right, and so does the gradient with a NumPy matrix in the QNode.
# """
# oracle = "derivative of cos(a + b), closed form"
# workaround = "write the unitary as rotations (RZ, RY, RZ) of run-time angles"
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = "failed to legalize operation 'memref.load'", seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)

FIXED, ANGLE = 0.3, 0.4
COSINE, SINE = np.cos(FIXED / 2), np.sin(FIXED / 2)
MATRIX = np.array([[COSINE, -SINE], [SINE, COSINE]], dtype=complex)  # RY(FIXED)


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(angle, matrix):
    qml.QubitUnitary(matrix, wires=0)
    qml.RY(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    observed = float(catalyst.qjit(catalyst.grad(circuit))(ANGLE, MATRIX))  # CompileError
    expected = float(-np.sin(FIXED + ANGLE))
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # two rotations
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
