# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: a QNode under jax.lax.map fails to compile"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# A batch of angles is mapped over a QNode with jax.lax.map inside @qjit. With jax_enable_x64 off this is
# refused with a type error between tensor<i32> and i64. The map itself compiles: the error comes from the
# QNode.
# """
# oracle = "cosines of the angles, NumPy"
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


@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


@catalyst.qjit
def batched(angles):
    return jax.lax.map(circuit, angles)


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    observed = np.asarray(batched(angles)).tolist()  # CompileError
    expected = np.cos(angles.astype(np.float64)).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    tolerance = 10 * float(np.finfo(np.float32).eps)  # exact angles, rounded cosines
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
