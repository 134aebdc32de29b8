# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A jitted function called exp, sin or log kills the process inside qjit"
# component = "catalyst"
# summary = """
# Since 0.15 a function under jax.jit keeps its bare name in the compiled program. One that is named as a function of
# the C library's, a user's own exp or jax.jit(jnp.tanh), takes its place there and, computing an exponential,
# calls itself until the stack is full: a segmentation fault without a message. The same function under another
# name is right.
# """
# oracle = "NumPy"
# workaround = "another name for the function, or no jax.jit around it inside qjit"
# see = ["catalyst/jax_grad_of_a_jitted_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.15", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1"] },
#   { when = "pennylane-catalyst>=0.15", outcome = ["crash"], seen = ["0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@jax.jit
def exp(x):
    return jnp.exp(x) + 1.0


if __name__ == "__main__":
    x = np.array([0.3, 0.5, -0.2])
    observed = np.asarray(catalyst.qjit(exp)(x))
    expected = np.exp(x) + 1.0
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 10 * float(np.finfo(np.float64).eps)  # one exponential
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
