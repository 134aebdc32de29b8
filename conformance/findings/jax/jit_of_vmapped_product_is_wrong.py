# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax 0.10.2 on a CPU: jit of a vmapped matrix-vector product and sum is wrong in one row"
# component = "jax"
# summary = """
# The squared length of matrix @ row for each of 16,385 rows, with vmap inside jit. On jax 0.10.2 the last
# row comes out wrong by two parts in a thousand, silently; without jit it is right. Reported upstream with
# the same numbers: 0.10.1 is right.
# """
# oracle = "squares of integers below 2**15, exact in float64, in NumPy"
# upstream = ["https://github.com/jax-ml/jax/issues/39103"]
# workaround = "jax 0.10.1; or no jit around the product"
# expect = [
#   { when = "jax>=0.4.28,<0.10.2", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2"] },
#   { when = "jax>=0.10.2", outcome = ["wrong-value"], seen = ["0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
ROWS = 16_385


def squared_lengths(rows):
    return jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2))(rows)


if __name__ == "__main__":
    numbers = np.arange(float(ROWS))
    rows = jnp.asarray(np.stack([numbers, 0 * numbers, 0 * numbers], axis=1))
    compiled, plain = np.asarray(jax.jit(squared_lengths)(rows)), np.asarray(squared_lengths(rows))
    expected = numbers**2
    error = float(np.max(np.abs(compiled - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": compiled[-3:].tolist(),
                "expected": expected[-3:].tolist(),
                "error": error,
                "tolerance": 0,
                "detail": f"{np.sum(compiled != expected)} rows wrong with jit, {np.sum(plain != expected)} without",
            }
        )
    )
