# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "@qjit keeps one compilation only: alternating between two shapes compiles on every call"
# component = "catalyst"
# family = "keeps_one_compilation"
# summary = """
# A function is called in turn with a full batch and with the smaller last one. @qjit keeps one
# compilation per argument structure, not per shape, so each change of shape compiles anew, on every
# epoch: a training loop with a remainder batch or an evaluation between the steps spends its time in the
# compiler. There is no warning. jax.jit compiles twice in all.
# """
# oracle = "compilations of the same function by jax.jit, counted as runs of its Python body"
# upstream = ["https://docs.pennylane.ai/projects/catalyst/en/stable/dev/sharp_bits.html"]
# workaround = "one qjit object per shape, or pad the last batch"
# see = ["catalyst/compile_once_run_many"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["slow"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def compilations(compiler, shapes):
    """How often the Python body is traced over a sequence of calls."""
    traces = []

    def function(x):
        traces.append(x)
        return jnp.sum(x * x)

    compiled = compiler(function)
    for shape in shapes:
        assert compiled(np.ones(shape)) == np.prod(shape)
    return len(traces)


if __name__ == "__main__":
    shapes = [(4, 2), (3, 2)] * 3  # three epochs of a full batch and a remainder
    observed = compilations(catalyst.qjit, shapes)
    expected = compilations(jax.jit, shapes)
    print(
        json.dumps(
            {
                "outcome": "ok" if observed <= expected else "slow",
                "observed": observed,
                "expected": expected,
                "error": max(0, observed - expected),
                "tolerance": 0,
                "detail": f"compilations in {len(shapes)} calls with two shapes",
            }
        )
    )
