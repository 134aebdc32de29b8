# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With x64 on, most indices are int64, but searchsorted, top_k and cumsum give int32"
# component = "jax"
# family = "jax_x64_on_indices"
# summary = """
# With jax_enable_x64 on, arange, argmax, argsort and nonzero return int64, as in NumPy, and int32 + int64
# is int64. But searchsorted and lax.top_k return int32, and the cumulative sum of int32 stays int32 where
# the plain sum becomes int64. Mixed in a loop's carry, they make it fail; a cumulative sum can overflow.
# """
# oracle = "the dtype that NumPy gives the same expression on a 64-bit machine"
# upstream = ["https://docs.jax.dev/en/latest/type_promotion.html"]
# workaround = "astype to one integer dtype where the index is made"
# see = ["jax/x64_off_index_dtypes", "jax/x64_on_int32_loop_carry"]
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
    values = np.array([3.0, 1.0, 2.0])
    results = {
        "arange": (jnp.arange(3), np.arange(3)),
        "argmax": (jnp.argmax(values), np.argmax(values)),
        "argsort": (jnp.argsort(values), np.argsort(values)),
        "nonzero": (jnp.nonzero(values)[0], np.nonzero(values)[0]),
        "searchsorted": (jnp.searchsorted(values, 1.5), np.searchsorted(values, 1.5)),
        "top_k": (jax.lax.top_k(jnp.asarray(values), 1)[1], np.argpartition(values, -1)[-1:]),
        "int32 + int64": (jnp.int32(1) + np.arange(3), np.int32(1) + np.arange(3)),
        "sum of int32": (jnp.ones(3, jnp.int32).sum(), np.ones(3, np.int32).sum()),
        "cumsum of int32": (jnp.ones(3, jnp.int32).cumsum(), np.ones(3, np.int32).cumsum()),
    }
    observed = {name: str(got.dtype) for name, (got, _) in results.items()}
    expected = {name: str(want.dtype) for name, (_, want) in results.items()}
    mismatches = sum(observed[name] != expected[name] for name in results)
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
