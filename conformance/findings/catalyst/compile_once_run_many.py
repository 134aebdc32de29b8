# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "@qjit compiles once per shape and dtype, and not again for anything JAX promotes to that"
# component = "catalyst"
# summary = """
# A @qjit QNode is called with Python numbers, NumPy and JAX scalars of several dtypes, and arrays. It
# compiles once for the first scalar and reuses that for everything that JAX promotes to it (narrower
# floats, integers, booleans), once for a new shape, and once more for a wider dtype. No call compiles
# without need.
# """
# oracle = "counts written beside each call, from JAX's promotion rule; compilations are runs of the body"
# upstream = ["https://docs.pennylane.ai/projects/catalyst/en/stable/dev/sharp_bits.html"]
# see = ["catalyst/recompiles_when_shapes_alternate", "catalyst/dtype_follows_earlier_calls"]
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
traces = []


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(x):
    traces.append(x)  # the Python body runs when the function is traced, and never again for that compilation
    qml.RX(jnp.sum(x), wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    calls = [  # argument, compilations it should cost
        (0.5, 1),
        (0.7, 0),
        (np.float64(0.5), 0),
        (jnp.float64(0.5), 0),
        (np.float32(0.5), 0),
        (jnp.float32(0.5), 0),
        (1, 0),
        (np.int32(1), 0),
        (True, 0),
        (np.full(3, 0.1, np.float32), 1),  # new shape
        (np.full(3, 0.2, np.float32), 0),
        (np.full(3, 0.1), 1),  # wider dtype
        (np.full(3, 0.2), 0),
        (np.full(3, 0.2, np.float32), 0),  # promoted to the wider one
    ]
    observed, value_error = [], 0.0
    for argument, _ in calls:
        before, binary = len(traces), circuit.compiled_function
        value = float(circuit(argument))
        compiled = len(traces) - before
        observed.append(compiled if compiled == (circuit.compiled_function is not binary) else -1)
        value_error = max(value_error, abs(value - np.cos(np.sum(np.asarray(argument, np.float64)))))

    expected = [count for _, count in calls]
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "slow",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"compilations per call; largest difference to the cosine {value_error:.1e}",
            }
        )
    )
