# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: indexing, dynamic_slice and lax.map compile where no QNode is called"
# component = "catalyst"
# summary = """
# Classical code inside @qjit that indexes, slices and maps with run-time indices compiles and is right
# with jax_enable_x64 off, for Python, int32 and int64 indices alike. So a compile error with x64 off does
# not point at the indices; it comes with the first QNode.
# """
# oracle = "the same indexing, slicing and mapping in NumPy"
# see = ["catalyst/x64_off_qnode", "catalyst/x64_off_float64_argument"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", False)


@catalyst.qjit
def classical(values, i, j, k):
    return values[i], values[j], jax.lax.dynamic_slice(values, (k,), (2,)), jax.lax.map(jnp.square, values)


if __name__ == "__main__":
    values = np.array([1.0, 2.0, 4.0, 8.0], dtype=np.float32)  # small powers of two: exact in float32
    results = classical(values, 1, np.int32(3), np.int64(2))
    observed = np.hstack([np.asarray(result) for result in results]).tolist()
    expected = np.hstack([values[1], values[3], values[2:4], values**2]).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    tolerance = 0.0  # indexing moves numbers, and these squares are exact
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
