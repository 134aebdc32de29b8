# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With x64 off, seeds that differ by 2**32 give the same random numbers"
# component = "jax"
# family = "jax_x64_off"
# summary = """
# jax.random.key and PRNGKey take the seed modulo 2**32 while jax_enable_x64 is off, the default. Seeds from
# a hash, a clock in nanoseconds or a large counter collide, silently: two runs that should be independent
# are the same run. With x64 on all 64 bits count.
# """
# oracle = "distinct seeds must give distinct numbers, as they do in NumPy"
# workaround = "seeds below 2**32; fold_in for further numbers"
# see = ["jax/x64_off_int64_wraps"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import numpy as np

jax.config.update("jax_enable_x64", False)

if __name__ == "__main__":
    seeds = [7, 2**32 + 7, 5 * 2**32 + 7]
    observed = [float(jax.random.normal(jax.random.key(seed))) for seed in seeds]
    expected = [float(np.random.default_rng(seed).normal()) for seed in seeds]  # distinct
    repeats = len(seeds) - len(set(observed))
    assert len(set(expected)) == len(seeds)
    print(
        json.dumps(
            {
                "outcome": "ok" if repeats == 0 else "wrong-value",
                "observed": observed,
                "expected": "three distinct numbers",
                "error": repeats,
                "tolerance": 0,
            }
        )
    )
