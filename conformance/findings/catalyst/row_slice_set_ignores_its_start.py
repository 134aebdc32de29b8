# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.6", "numpy"]
#
# [tool.sharpbits]
# title = "array.at[row, start:].set under qjit ignores start: the values land at column 0"
# component = "catalyst"
# family = "scatter_lowering"
# summary = """
# An index together with a slice that does not start at 0, in .at[...].set(...), is silently written to the
# wrong place inside qjit: the slice's start is ignored, whether the row is a constant or known at run time
# only, in two dimensions and in three. add and multiply at the same place are right.
# In two steps it is right: array.at[row].set(array[row].at[start:].set(values)).
# """
# oracle = "the same assignment in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/pull/1214"]
# workaround = "jax.lax.dynamic_update_slice, or first the row, then the slice of it"
# see = ["catalyst/column_set_aborts", "catalyst/array_of_indices_needs_to_be_sorted"]
# expect = [
#   { when = "pennylane-catalyst>=0.6,<0.9", outcome = ["ok"], seen = ["0.6.0", "0.7.0", "0.8.1"] },
#   { when = "pennylane-catalyst>=0.9", outcome = ["wrong-value"], seen = ["0.9.0", "0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
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
    """Write into row 1 from column 1 on."""
    return jnp.zeros((3, 4)).at[1, 1:].set(values)


if __name__ == "__main__":
    values = np.array([1.0, 2.0, 3.0])
    observed = np.asarray(write(values))
    expected = np.zeros((3, 4))
    expected[1, 1:] = values
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
