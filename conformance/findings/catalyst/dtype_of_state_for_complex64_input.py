# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "qml.state() inside @qjit is complex128 even for a complex64 StatePrep and float32 angles"
# component = "catalyst"
# family = "results_in_double_precision"
# summary = """
# A QNode prepares a complex64 state, rotates it by a float32 angle and returns qml.state(). The result is
# complex128, where NumPy's and JAX's promotion rules keep complex64 for the same matrix product in
# complex64 and float32. The value is right; the memory of everything computed from the state is doubled.
# """
# oracle = "dtype: jax.jit of the same rotation as a matrix product; value: NumPy in complex128"
# workaround = "circuit(...).astype(jnp.complex64) inside @qjit"
# see = [
#   "catalyst/dtype_of_classical_complex64",
#   "catalyst/dtype_of_expval_for_float32_input",
#   "catalyst/device_c_dtype_is_ignored",
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
def circuit(state, angle):
    qml.StatePrep(state, wires=[0])
    qml.RZ(angle, wires=0)
    return qml.state()


def rotated(state, angle):
    """RZ as a product, in the dtypes of the arguments."""
    return state * jnp.exp(1j * angle * jnp.array([-0.5, 0.5], dtype=jnp.float32))


if __name__ == "__main__":
    state = np.array([0.6, 0.8j], dtype=np.complex64)
    angle = np.float32(0.5)
    result = circuit(state, angle)
    same_function = jax.jit(rotated)(state, angle)
    exact = np.array([0.6, 0.8j]) * np.exp([-0.25j, 0.25j])
    value_error = float(np.max(np.abs(np.asarray(result) - exact)))

    observed, expected = str(result.dtype), str(same_function.dtype)
    error, tolerance = int(observed != expected), 0
    detail = f"value off by {value_error:.1e}, as far as 0.6 and 0.8 are rounded in complex64"
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
