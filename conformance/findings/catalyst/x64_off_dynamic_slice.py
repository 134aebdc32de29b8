# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: a QNode on a dynamic_slice of the data fails to compile"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# The features of one sample are cut from a flat array with jax.lax.dynamic_slice and given to a QNode.
# With jax_enable_x64 off this is refused with a type error between tensor<i32> and i64. The slice itself
# compiles: the error comes from the QNode.
# """
# oracle = "product of the cosines of the sliced angles, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = ["catalyst/x64_off_qnode", "catalyst/x64_off_without_a_qnode"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'tensor<i32>\) -> i64', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", False)


@qml.qnode(qml.device("lightning.qubit", wires=2))
def circuit(angles):
    qml.RX(angles[0], wires=0)
    qml.RX(angles[1], wires=1)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


@catalyst.qjit
def one_sample(flat, start):
    return circuit(jax.lax.dynamic_slice(flat, (start,), (2,)))


if __name__ == "__main__":
    flat = np.array([0.25, 0.5, 0.75, 1.0], dtype=np.float32)
    observed = float(one_sample(flat, 2))  # CompileError
    expected = float(np.cos(0.75) * np.cos(1.0))
    error = abs(observed - expected)
    tolerance = 10 * float(np.finfo(np.float32).eps)  # exact angles, a rounded result
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
