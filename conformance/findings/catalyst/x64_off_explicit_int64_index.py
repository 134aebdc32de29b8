# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: an int64 index is cut to int32, and the QNode does not compile"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# The other half of the advice to make index types explicit: np.int64 for the run-time index and the wire.
# With x64 off JAX cuts both to int32 (np.int64 silently, jnp.int64 with a warning), so no int64 ever
# reaches the compiler, and the compile error stays the same.
# """
# oracle = "cosine of the indexed angle, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = ["catalyst/x64_off_explicit_index_dtype", "catalyst/x64_on_float32_arrays", "catalyst/x64_off_qnode"]
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
    # i.dtype and wire.dtype are int32 here, whatever was passed: x64 is off.
    return circuit(angles[i], wire)


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    observed = float(one_sample(angles, np.int64(1), np.int64(0)))  # CompileError
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
