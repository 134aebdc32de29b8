# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.debug.callback with arrays above 100 kB hangs for ever on a machine with one core"
# component = "jax"
# family = "callback_waits_for_its_own_copy"
# summary = """
# A compiled step logs two of its arrays with jax.debug.callback, in a loop that does not wait for each
# step, in a process that may use one core (a small container, taskset, a batch job). After some tens of
# steps the callback waits for a copy of its argument, which only the thread that runs it could make. The
# process sleeps for ever, without a message; with two cores the same loop runs through. Now and then, on a
# machine that is busy with other work, it runs through on one core too.
# """
# oracle = "the power of a permutation matrix, which is exact, in NumPy"
# upstream = ["https://github.com/jax-ml/jax/issues/25861", "https://github.com/jax-ml/jax/issues/24255"]
# workaround = "block_until_ready after each step, or log scalars only"
# see = ["jax/foreign_gradient_under_pmap_large_arrays"]
# timeout_s = 15
# expect = [
#   { when = "jax>=0.4.28,<0.6", outcome = ["ok"], seen = ["0.4.28"] },
#   { when = "jax>=0.6", outcome = ["hang", "ok"], seen = ["0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # before jax starts its threads

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", False)


@jax.jit
def step(matrix):
    jax.debug.callback(np.sum, matrix)  # 260 kB each
    jax.debug.callback(np.sum, matrix + 1)
    return matrix @ matrix


if __name__ == "__main__":
    size, steps = 255, 250
    cycle = np.roll(np.eye(size, dtype=np.float32), 1, axis=0)
    matrix = jnp.asarray(cycle)
    for _ in range(steps):
        matrix = -step(matrix)
    # The square of a cyclic shift by k is a shift by 2k: zeros and ones, no rounding.
    expected = -np.roll(np.eye(size, dtype=np.float32), pow(2, steps, size), axis=0)
    error = float(np.max(np.abs(np.asarray(matrix) - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": f"largest error {error} after {steps} steps",
                "expected": "a permutation, negated",
                "error": error,
                "tolerance": 0,
            }
        )
    )
