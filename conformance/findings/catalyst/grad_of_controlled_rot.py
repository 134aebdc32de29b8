# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "The gradient of a QNode that has Rot with two controls does not compile"
# component = "catalyst"
# family = "grad_through_complex_numbers"
# summary = """
# qml.ctrl(qml.Rot(...), control=[1, 2]) compiles, but since 0.15 its gradient does not: the decomposition takes the
# gate's matrix at run time, and complex arithmetic has no derivative here ("failed to legalize operation
# 'memref.load'"). 0.13 and 0.14 decomposed it otherwise and were right; 0.11 and 0.12 refuse
# the gradient with other errors.
# """
# oracle = "derivative of the controlled expectation value, closed form"
# workaround = "qml.ctrl of RZ, RY, RZ one by one"
# see = ["catalyst/grad_of_complex_arithmetic", "catalyst/grad_with_run_time_unitary"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.12", outcome = ["compile-error"], match = 'not supported with catalyst', seen = ["0.11.0"] },
#   { when = "pennylane-catalyst>=0.12,<0.13", outcome = ["error"], match = 'not allowed to have any arguments', seen = ["0.12.0"] },
#   { when = "pennylane-catalyst>=0.13,<0.15", outcome = ["ok"], seen = ["0.13.0", "0.14.0", "0.14.1"] },
#   { when = "pennylane-catalyst>=0.15", outcome = ["compile-error"], match = "failed to legalize operation 'memref.load'", seen = ["0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=3), diff_method="adjoint")
def circuit(angle):
    qml.PauliX(1)
    qml.PauliX(2)
    qml.ctrl(qml.Rot(0.1, angle, 0.2, wires=0), control=[1, 2])
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angle = 0.4
    observed = float(catalyst.qjit(catalyst.grad(circuit))(angle))  # CompileError
    expected = float(-np.sin(angle))
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # a few gates
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
