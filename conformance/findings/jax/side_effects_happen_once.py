# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "Counters, lists and prints in a compiled function run once, at the first call"
# component = "jax"
# family = "traced_once"
# summary = """
# A function compiled with jax.jit counts its calls and appends to a list. Both happen while it is traced:
# once for each new shape or type, not once for each call. In a lax.fori_loop or scan the body runs once in
# Python, however many turns it takes.
# """
# oracle = "the number of calls"
# upstream = ["https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html"]
# workaround = "return what is to be counted; jax.debug.callback for logging"
# see = ["jax/jit_keeps_old_closure_values"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
calls, turns = [], []


@jax.jit
def step(x):
    calls.append("called")
    return 2 * x


@jax.jit
def loop(x):
    def body(i, x):
        turns.append("turned")
        return x + i

    return jax.lax.fori_loop(0, 10, body, x)


if __name__ == "__main__":
    for start in range(5):
        step(np.array([1.0 * start]))
    loop(np.array([0.0]))
    observed = [len(calls), len(turns)]
    expected = [5, 10]
    print(
        json.dumps(
            {
                "outcome": "ok" if observed == expected else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": sum(got != want for got, want in zip(observed, expected, strict=True)),
                "tolerance": 0,
            }
        )
    )
