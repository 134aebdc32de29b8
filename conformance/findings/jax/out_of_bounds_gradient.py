# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "Up to 0.8 the gradient of a read beyond the end is zero, where it reads the last entry"
# component = "jax"
# family = "clamped_indices"
# summary = """
# x[10] of an array of five is its last entry, so the value depends on that entry. Up to jax 0.8 the
# gradient says that it depends on none: all zeros, so a fit does not move and nothing tells why. On 0.9.2
# and 0.10.2 the two agree.
# """
# oracle = "finite differences of the same read; it is linear, so they are exact but for rounding"
# workaround = "x.at[i].get(mode='fill', fill_value=nan): the value shows it"
# see = ["jax/out_of_bounds_index_is_clamped"]
# expect = [
#   { when = "jax>=0.4.28,<0.9", outcome = ["wrong-gradient"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3"] },
#   { when = "jax>=0.9", outcome = ["ok"], seen = ["0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def read(x):
    return 3.0 * x[10]


if __name__ == "__main__":
    x = np.arange(1.0, 6.0)
    observed = np.asarray(jax.grad(read)(jnp.asarray(x)))
    step = 0.5
    expected = np.array([float(read(jnp.asarray(x + unit)) - read(jnp.asarray(x - unit))) for unit in step * np.eye(5)])
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 16 * float(np.finfo(np.float64).eps)  # one product, one difference of numbers up to 16
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
