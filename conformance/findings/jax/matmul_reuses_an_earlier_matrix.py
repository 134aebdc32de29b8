# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax 0.7.1 without AVX-512: float32 products silently use a matrix of an earlier call"
# component = "jax"
# summary = """
# A compiled function multiplies two float32 matrices of some hundred rows, each call with new ones. On jax
# 0.7.1, which Catalyst 0.14 and 0.15 install, some of the results are exactly the product with the
# right-hand matrix of an earlier call: one that lay at the same address, since freed. No warning, no NaN.
# float64 is not affected, nor were matrices of up to 256 rows, nor any other release tried, nor processors with AVX-512,
# for which XNNPACK has other kernels.
# """
# oracle = "products of small integers, exact in float32 in any order, in NumPy"
# workaround = "another release; or XLA_FLAGS=--xla_cpu_use_xnnpack=false"
# expect = [
#   { when = "jax>=0.4.28,<0.7", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2"] },
#   { when = "jax>=0.7,<0.8", where = "not avx512f", outcome = ["wrong-value"], seen = ["0.7.1"], machines = ["EPYC without AVX-512"] },
#   { when = "jax>=0.7,<0.8", where = "avx512f", outcome = ["ok"], seen = ["0.7.1"], machines = ["EPYC family 25 model 17", "Xeon family 6 model 207"] },
#   { when = "jax>=0.8", outcome = ["ok"], seen = ["0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", False)

if __name__ == "__main__":
    size, calls = 512, 60
    rng = np.random.default_rng(0)
    product = jax.jit(lambda left, right: left @ right)
    wrong, of_an_earlier_call, earlier = 0, 0, {}
    for _ in range(calls):
        left, right = (rng.integers(-3, 4, (size, size)).astype(np.float32) for _ in range(2))
        on_device = jnp.array(right) + 0  # its memory is free again before the next call
        observed = np.asarray(product(jnp.array(left) + 0, on_device))
        address = on_device.unsafe_buffer_pointer()
        if not np.array_equal(observed, left @ right):
            wrong += 1
            of_an_earlier_call += any(np.array_equal(observed, left @ old) for old in earlier.get(address, []))
        earlier.setdefault(address, []).append(right)
        del on_device
    print(
        json.dumps(
            {
                "outcome": "ok" if wrong == 0 else "wrong-value",
                "observed": f"{wrong} of {calls} products wrong",
                "expected": f"0 of {calls} products wrong",
                "error": wrong,
                "tolerance": 0,
                "detail": f"{of_an_earlier_call} are the product with an earlier matrix at the same address",
            }
        )
    )
