# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.7", "numpy"]
#
# [tool.sharpbits]
# title = "array.at[:, column].set and array.at[start:].set under qjit abort the compiler"
# component = "catalyst"
# family = "scatter_lowering"
# summary = """
# Writing a window that spans one dimension wholly and another in part ends in an assertion of the compiler's
# scatter lowering, "Index < Length". A whole row, a window that is partial in every dimension, and add at
# the same place compile and are right.
# """
# oracle = "the same assignment in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/pull/1214"]
# workaround = "jax.lax.dynamic_update_slice, jnp.pad or jnp.where"
# see = ["catalyst/row_slice_set_ignores_its_start"]
# expect = [
#   { when = "pennylane-catalyst>=0.7,<0.9", outcome = ["ok"], seen = ["0.7.0", "0.8.1"] },
#   { when = "pennylane-catalyst>=0.9", outcome = ["crash"], match = 'Index < Length', seen = ["0.9.0", "0.10.0", "0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def write(values):
    """Write a whole column: one index, and a slice that is the whole of the other dimension."""
    return jnp.zeros((3, 4)).at[:, 1].set(values)


if __name__ == "__main__":
    values = np.array([1.0, 2.0, 3.0])
    observed = np.asarray(write(values))  # the compiler aborts
    expected = np.zeros((3, 4))
    expected[:, 1] = values
    error = float(np.max(np.abs(observed - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0.0 else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": 0.0,
            }
        )
    )
