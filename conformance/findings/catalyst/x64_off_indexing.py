# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: a QNode on X[i] fails to compile, though X[i] is not at fault"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# A sample is picked by a run-time index inside @qjit and given to a QNode. With jax_enable_x64 off this
# is refused with a type error between tensor<i32> and i64, which reads as if the index had the wrong
# type. The index compiles well: the same indexing without the QNode works, and the QNode without the
# indexing fails in the same way.
# """
# oracle = "cosine of the indexed angle, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = [
#   "catalyst/x64_off_qnode",
#   "catalyst/x64_off_without_a_qnode",
#   "catalyst/x64_off_explicit_index_dtype",
# ]
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


@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


@catalyst.qjit
def one_sample(angles, i):
    return circuit(angles[i])


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    observed = float(one_sample(angles, 1))  # CompileError
    expected = float(np.cos(0.5))
    error = abs(observed - expected)
    tolerance = 10 * float(np.finfo(np.float32).eps)  # exact angles, a rounded cosine
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
