# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A QNode compiled with x64 on returns float32 once x64 is off"
# component = "catalyst"
# summary = """
# A QNode cannot be compiled with jax_enable_x64 off, so it is compiled with the flag on, and the flag is
# switched off afterwards. Direct calls then return float32, as everything in JAX does with the flag off,
# and are right to that precision.
# """
# oracle = "dtype: jax.jit of cos with x64 off; value: NumPy cosine"
# see = ["catalyst/x64_off_after_compilation", "catalyst/x64_off_qnode"]
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

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    angle = np.float32(0.5)
    circuit(angle)  # compiles
    jax.config.update("jax_enable_x64", False)

    result = circuit(angle)
    same_function = jax.jit(jnp.cos)(angle)
    value_error = abs(float(result) - np.cos(0.5))
    # 0.5 is exact in float32, the circuit runs in double, and the result is rounded to float32 once.
    value_is_right = value_error <= np.finfo(np.float32).eps

    observed = [str(result.dtype), bool(value_is_right)]
    expected = [str(same_function.dtype), True]
    error, tolerance = sum(a != b for a, b in zip(observed, expected)), 0
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
