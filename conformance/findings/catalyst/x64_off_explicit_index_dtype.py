# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: making every index an explicit int32 does not make a QNode compile"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# A common advice for the i32/i64 compile error with x64 off is to make the index types explicit. Here the
# run-time index and the wire are both explicit np.int32, and the compile error is the same: the integer
# that fails is the device's number of shots, which the user cannot give a type.
# """
# oracle = "cosine of the indexed angle, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = ["catalyst/x64_off_explicit_int64_index", "catalyst/x64_on_float32_arrays", "catalyst/x64_off_qnode"]
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
def circuit(angle, wire):
    qml.RX(angle, wires=wire)
    return qml.expval(qml.PauliZ(0))


@catalyst.qjit
def one_sample(angles, i, wire):
    return circuit(angles[i], wire)


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    observed = float(one_sample(angles, np.int32(1), np.int32(0)))  # CompileError
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
