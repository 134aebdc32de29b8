# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "x64 off for the rest of the program, jax.experimental.enable_x64() around the @qjit call"
# component = "catalyst"
# summary = """
# A program that must keep jax_enable_x64 off for its other JAX code can still call a QNode: wrap the call
# of the @qjit function, which compiles it, in jax.experimental.enable_x64(). It then compiles and is
# right, and the flag is off again afterwards.
# """
# oracle = "cosine of the indexed angle, NumPy"
# see = ["catalyst/x64_off_qnode", "catalyst/x64_on_float32_arrays"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml
from jax.experimental import enable_x64

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
    with enable_x64():
        observed = float(one_sample(angles, 1))
    expected = float(np.cos(0.5))
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # 0.5 is exact in float32; the circuit runs in double
    outside = jnp.ones(1).dtype
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"new arrays outside the block are {outside}",
            }
        )
    )
