# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With x64 off, 64-bit integers from NumPy wrap around to 32 bits without a word"
# component = "jax"
# family = "jax_x64_off"
# summary = """
# A NumPy array of int64 (time stamps in milliseconds, hashes, global indices) is given to a compiled
# function. With jax_enable_x64 off, which is the default, each entry is taken modulo 2**32: other numbers,
# also of the other sign, and no warning. A Python integer of that size raises OverflowError instead.
# """
# oracle = "NumPy's own int64 arithmetic"
# upstream = ["https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html"]
# workaround = "jax_enable_x64; or subtract a base in NumPy first"
# see = ["jax/x64_off_float64_becomes_float32", "jax/x64_off_seeds_repeat"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import warnings

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", False)

if __name__ == "__main__":
    stamps = np.array([1_700_000_000_000, 1_700_000_060_000, 2**31])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = {
            "jit": jax.jit(lambda stamps: stamps + 1)(stamps),
            "asarray": jnp.asarray(stamps) + 1,
            "device_put": jax.device_put(stamps) + 1,
        }
    expected = stamps + 1
    mismatches = sum(int(np.sum(np.asarray(result) != expected)) for result in results.values())
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-value",
                "observed": np.asarray(results["jit"]).tolist(),
                "expected": expected.tolist(),
                "error": mismatches,
                "tolerance": 0,
                "detail": f"{mismatches} of {3 * len(stamps)} numbers differ, {len(caught)} warnings",
            }
        )
    )
