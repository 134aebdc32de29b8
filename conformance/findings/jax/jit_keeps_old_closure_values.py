# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "A compiled function keeps the first value of every array and number it closes over"
# component = "jax"
# family = "traced_once"
# summary = """
# A function compiled with jax.jit reads a NumPy table and a Python number from outside. Both are baked in
# at the first call. Changing the table in place, or assigning another number, has no effect on later calls
# of the same shapes: it computes with the old values, silently.
# """
# oracle = "the same function without jit, in NumPy"
# upstream = ["https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html"]
# workaround = "pass whatever may change as an argument"
# see = ["jax/side_effects_happen_once", "jax/asarray_shares_memory_with_numpy"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
table = np.array([1.0, 2.0, 3.0])
scale = 1.0


def look_up(indices):
    return scale * jnp.array(table)[indices]


if __name__ == "__main__":
    indices = np.arange(3)
    compiled = jax.jit(look_up)
    compiled(indices)
    table[:] = [10.0, 20.0, 30.0]
    scale = 2.0
    observed = np.asarray(compiled(indices))
    expected = scale * table[indices]
    mismatches = int(np.sum(observed != expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": mismatches,
                "tolerance": 0,
            }
        )
    )
