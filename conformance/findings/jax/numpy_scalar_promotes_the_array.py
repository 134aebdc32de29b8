# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With x64 on, a NumPy scalar turns float32 and bfloat16 arrays into float64"
# component = "jax"
# summary = """
# An array of low precision is multiplied by a constant. A Python number leaves its dtype alone. The same
# number as np.float64, which is what np.sqrt, np.mean or an entry of an array return, counts as a 64-bit
# array: with jax_enable_x64 on the result is float64, twice to four times the memory, and so is all that
# follows. It is documented, and silent.
# """
# oracle = "the dtype of the array, which a constant should not change, and which a Python number does not"
# upstream = ["https://docs.jax.dev/en/latest/type_promotion.html"]
# workaround = "float(scalar), or jnp.asarray(scalar, array.dtype)"
# see = ["jax/python_scalar_keeps_the_dtype"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-dtype"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    scalars = {"2.0 ** 0.5": 2.0**0.5, "np.sqrt(2.0)": np.sqrt(2.0), "np.mean": np.mean([1.0, 2.0])}
    observed, expected = {}, {}
    for dtype in ("float32", "bfloat16", "float16"):
        for name, scalar in scalars.items():
            observed[f"{dtype} * {name}"] = str((jnp.ones(2, dtype) * scalar).dtype)
            expected[f"{dtype} * {name}"] = dtype
    mismatches = sum(observed[name] != expected[name] for name in expected)
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": mismatches,
                "tolerance": 0,
            }
        )
    )
