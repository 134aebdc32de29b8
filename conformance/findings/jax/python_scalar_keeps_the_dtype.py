# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "Python numbers leave the dtype of an array alone, also under jit and as loop constants"
# component = "jax"
# summary = """
# Python integers and floats are weakly typed: they take the dtype of the array they meet, for float32,
# bfloat16, float16 and int8 to int64, also as arguments of jit, with jax_enable_x64 on. Only a float that
# meets an integer array changes it. The same on every release.
# """
# oracle = "the dtype of the array"
# upstream = ["https://docs.jax.dev/en/latest/type_promotion.html"]
# see = ["jax/numpy_scalar_promotes_the_array"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    observed, expected = {}, {}
    for dtype in ("float32", "bfloat16", "float16", "int8", "int16", "int32", "int64"):
        array = jnp.ones(2, dtype)
        results = {
            "array * 2": array * 2,
            "jit with the argument 2": jax.jit(lambda array, scalar: array * scalar)(array, 2),
            "fori_loop over a Python number": jax.lax.fori_loop(0, 3, lambda i, array: array * 2, array),
        }
        if jnp.issubdtype(dtype, jnp.floating):
            results["array * 0.5"] = array * 0.5
            results["where(…, 0.5)"] = jnp.where(array > 0, array, 0.5)
        for name, result in results.items():
            observed[f"{dtype}: {name}"] = str(result.dtype)
            expected[f"{dtype}: {name}"] = dtype
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
