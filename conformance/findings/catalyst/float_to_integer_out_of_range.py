# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "astype(int32) of a float out of range: qjit and jax.jit give opposite ends"
# component = "catalyst"
# summary = """
# astype(int32) of 3e10 under qjit is the machine's conversion, -2147483648, on x86-64. XLA, and so the same function
# under jax.jit or none, saturates to 2147483647. Large negative numbers agree by chance.
# """
# oracle = "the same function under jax.jit"
# workaround = "jnp.clip to the integer type's range before astype"
# see = ["catalyst/promotion_to_an_earlier_dtype_changes_values"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def convert(x):
    return x.astype(jnp.int32)


if __name__ == "__main__":
    x = np.array([3e10, 7.9, -7.9])
    observed = np.asarray(catalyst.qjit(convert)(x), dtype=float)
    expected = np.asarray(jax.jit(convert)(x), dtype=float)
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 0.0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
