# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax.vmap of a compiled QNode fails once jax_enable_x64 is off"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# A QNode is compiled while x64 is on, then x64 is switched off. Calling it directly still works, but
# jax.vmap, jax.grad or jax.jit around it raise "result_shape_dtypes cannot specify 64-bit types when
# `jax_enable_x64` is disabled", because the compiled result is float64 whatever the arguments are.
# """
# oracle = "cosines of the angles, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = ["catalyst/x64_off_qnode", "catalyst/dtype_of_expval_with_x64_off"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["error"], match = 'cannot specify 64-bit types', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75], dtype=np.float32)
    circuit(angles[0])  # compiles
    jax.config.update("jax_enable_x64", False)

    observed = np.asarray(jax.vmap(circuit)(angles)).tolist()  # ValueError
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
