# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "An expectation value inside @qjit is float64 even for float32 parameters"
# component = "catalyst"
# family = "results_in_double_precision"
# summary = """
# A QNode with float32 parameters returns a float64 expectation value. JAX's promotion rule gives float32
# for a function of float32 arguments only, and so does jax.jit of the same function in closed form. The
# value is right; but losses and everything added to them are widened to float64 from there on.
# """
# oracle = "dtype: jax.jit of cos for the same argument; value: NumPy cosine"
# workaround = "circuit(x).astype(x.dtype) inside @qjit"
# see = [
#   "catalyst/dtype_of_state_for_complex64_input",
#   "catalyst/dtype_of_grad_for_float32_weights",
#   "catalyst/x64_on_float32_arrays",
# ]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-dtype"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angle = np.float32(0.5)
    result = circuit(angle)
    same_function = jax.jit(jnp.cos)(angle)
    value_error = abs(float(result) - np.cos(0.5))

    observed, expected = str(result.dtype), str(same_function.dtype)
    error, tolerance = int(observed != expected), 0
    detail = f"value off by {value_error:.1e}"
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": detail,
            }
        )
    )
