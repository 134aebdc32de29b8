# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.device_put may share NumPy's memory: writing there changes the JAX array"
# component = "jax"
# family = "shares_memory_with_numpy"
# summary = """
# A NumPy buffer is filled, placed with jax.device_put, and filled again for the next batch. On a CPU the
# JAX array, which is said to be immutable, may then hold the new numbers: it shares the memory where that
# starts at a multiple of 64 bytes, and copies it otherwise, so it strikes on some runs only. Unlike
# jnp.asarray it still does so on 0.10.2.
# """
# oracle = "the contents of the buffer at the time of the call"
# upstream = ["https://github.com/jax-ml/jax/issues/37830"]
# workaround = "jnp.array, which always copies"
# see = ["jax/asarray_shares_memory_with_numpy"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def aligned_zeros(count):
    """Zeros that start at a multiple of 64 bytes, as some of NumPy's arrays happen to: only those are shared."""
    raw = np.zeros(8 * count + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + 8 * count].view(np.float64)


if __name__ == "__main__":
    buffer = aligned_zeros(1000)
    before = jax.device_put(buffer)
    buffer[:] = 1.0  # the buffer is used again, for the next batch
    observed = float(before.sum())
    expected = 0.0
    error = abs(observed - expected)
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
            }
        )
    )
