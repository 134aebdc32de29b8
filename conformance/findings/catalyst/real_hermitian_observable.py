# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A Hermitian observable with a real matrix does not compile"
# component = "catalyst"
# summary = """
# qml.Hermitian of a float64 array is refused by the compiler, "'quantum.hermitian' op operand #0 must be 2D tensor of
# complex type"; PennyLane without qjit, and default.qubit, take it.
# """
# oracle = "expectation value of the matrix, NumPy"
# workaround = "qml.Hermitian(matrix.astype(complex), wires=...)"
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'quantum.hermitian. op operand', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)

MATRIX = np.array([[1.0, 0.5], [0.5, -1.0]])


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RY(angle, wires=0)
    return qml.expval(qml.Hermitian(MATRIX, wires=0))


if __name__ == "__main__":
    angle = 0.4
    observed = float(circuit(angle))  # CompileError
    state = np.array([np.cos(angle / 2), np.sin(angle / 2)])
    expected = float(state @ MATRIX @ state)
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # a few gates
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
