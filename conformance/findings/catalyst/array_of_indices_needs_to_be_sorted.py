# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "array.at[indices].set and .add, and jax.ops.segment_sum, do not compile under qjit"
# component = "catalyst"
# family = "scatter_lowering"
# summary = """
# An array of indices is accepted only with the promises indices_are_sorted=True and unique_indices=True,
# which Catalyst does not check; sums by segment repeat their indices by nature and cannot promise it.
# """
# oracle = "the same assignment in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/pull/982"]
# workaround = "indices_are_sorted=True, unique_indices=True where true; or one-hot"
# see = ["catalyst/row_slice_set_ignores_its_start", "catalyst/column_set_aborts"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'Indices are not unique and/or not sorted', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
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
    """Write at two places that are sorted and differ, without saying so."""
    return jnp.zeros(4).at[jnp.array([0, 2])].set(values)


if __name__ == "__main__":
    values = np.array([1.0, 2.0])
    observed = np.asarray(write(values))  # CompileError
    expected = np.zeros(4)
    expected[[0, 2]] = values
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
