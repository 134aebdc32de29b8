# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax.vmap of array.at[i].set or .add under qjit aborts the compiler"
# component = "catalyst"
# family = "scatter_lowering"
# summary = """
# One update for each of many indices, batched by jax.vmap, ends in an assertion of the compiler's scatter
# lowering, "Insertion iterator is out of bounds". catalyst.vmap and jax.lax.map of the same function compile.
# """
# oracle = "rows of the array with one entry set, NumPy"
# workaround = "catalyst.vmap, jax.lax.map, or jnp.where and jnp.arange"
# see = ["catalyst/column_set_aborts", "catalyst/row_slice_set_ignores_its_start"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.12", outcome = ["ok"], seen = ["0.11.0"] },
#   { when = "pennylane-catalyst>=0.12", outcome = ["crash"], match = 'Insertion iterator is out of bounds', seen = ["0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def clear(values, indices):
    """Return one copy of the values for each index, with that entry zero."""
    return jax.vmap(lambda i: values.at[i].set(0.0))(indices)


if __name__ == "__main__":
    values, indices = np.array([1.0, 2.0, 3.0]), np.array([2, 0])
    observed = np.asarray(clear(values, indices))  # the compiler aborts
    expected = np.where(np.arange(3) == indices[:, None], 0.0, values)
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
