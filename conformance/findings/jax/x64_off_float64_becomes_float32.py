# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With x64 off, float64 becomes float32; only a dtype asked for by name brings a warning"
# component = "jax"
# family = "jax_x64_off"
# summary = """
# With jax_enable_x64 off, the default, NumPy arrays of float64 become float32 on their way into JAX, and
# dtype=float means float32. None of these five ways warns. Only dtype="float64" does, and gives float32 all
# the same. A number above 3.4e38 becomes infinite, 1 + 1e-9 becomes 1.
# """
# oracle = "the dtype that NumPy gives the same expression"
# upstream = ["https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html"]
# workaround = "jax.config.update('jax_enable_x64', True) right after the import"
# see = ["jax/x64_off_int64_wraps"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-dtype"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import warnings

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", False)

if __name__ == "__main__":
    doubles = np.array([1.0 + 1e-9])
    with warnings.catch_warnings(record=True) as silent:
        warnings.simplefilter("always")
        results = {
            "asarray": jnp.asarray(doubles),
            "jit": jax.jit(lambda x: x)(doubles),
            "zeros(dtype=float)": jnp.zeros(1, dtype=float),
            "astype(float)": jnp.ones(1, jnp.float32).astype(float),
            "float32 array + float64 array": jnp.ones(1, jnp.float32) + doubles,
        }
    with warnings.catch_warnings(record=True) as asked:
        warnings.simplefilter("always")
        results["dtype=float64"] = jnp.asarray(doubles, dtype="float64")
    observed = {name: str(result.dtype) for name, result in results.items()}
    expected = dict.fromkeys(results, "float64")
    mismatches = sum(observed[name] != expected[name] for name in results)
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": mismatches,
                "tolerance": 0,
                "detail": f"{len(silent)} warnings from five ways, {len(asked)} where float64 was asked for",
            }
        )
    )
