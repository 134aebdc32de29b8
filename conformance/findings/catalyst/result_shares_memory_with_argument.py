# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A @qjit result can change when the caller later writes into the array passed in"
# component = "catalyst"
# family = "result_that_starts_at_an_argument"
# summary = """
# A @qjit function passes its NumPy argument through, beside a computed result. The returned JAX array,
# immutable by contract, lies on the memory of the argument: writing into the NumPy array afterwards
# (reusing a buffer for the next batch) changes the result. It happens where the alignment of the buffer
# lets JAX take it without a copy, so not on every run. jax.jit copies.
# """
# oracle = "a copy of the argument made in NumPy before the call"
# workaround = "pass jnp.array(x), which copies"
# see = ["catalyst/result_that_starts_at_an_argument"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def aligned(values):
    """The values in a NumPy array whose memory starts at a multiple of 64, as large arrays sometimes do."""
    raw = np.zeros(8 * len(values) + 64, np.uint8)
    start = -raw.ctypes.data % 64
    array = raw[start : start + 8 * len(values)].view(np.float64)
    array[:] = values
    return array


def step(batch):
    return batch, 2.0 * batch


if __name__ == "__main__":
    buffer = aligned([1.0, 2.0, 3.0, 4.0])
    expected = buffer.tolist()
    kept, _ = catalyst.qjit(step)(buffer)
    kept_by_jit, _ = jax.block_until_ready(jax.jit(step)(buffer))
    buffer[:] = -7.0  # the next batch

    observed = np.asarray(kept).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,  # nothing is computed
                "detail": f"jax.jit keeps {np.asarray(kept_by_jit).tolist()}",
            }
        )
    )
