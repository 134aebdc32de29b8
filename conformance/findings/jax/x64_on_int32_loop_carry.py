# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "A loop that counts in int32 stops working once x64 is on: carry of another type"
# component = "jax"
# family = "jax_x64_on_indices"
# summary = """
# A scan counts in jnp.int32(0) and adds the result of argmax. With jax_enable_x64 off it runs. With x64 on,
# as importing another package may switch it, argmax is int64, int32 + int64 is int64, and the carry changes
# its type: TypeError at trace time, which names the two types.
# """
# oracle = "the sum of the positions of the largest entries, in NumPy"
# workaround = "start from a Python 0, or astype(total.dtype) in the body"
# see = ["jax/x64_on_index_dtypes"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["error"], match = "carry input and carry output must have equal types.*int32.*int64", seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def count(total, row):
    return total + jnp.argmax(row), None


if __name__ == "__main__":
    rows = np.random.default_rng(0).normal(size=(5, 4))
    observed = int(jax.lax.scan(count, jnp.int32(0), rows)[0])
    expected = int(np.argmax(rows, axis=1).sum())
    print(
        json.dumps(
            {
                "outcome": "ok" if observed == expected else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": abs(observed - expected),
                "tolerance": 0,
            }
        )
    )
