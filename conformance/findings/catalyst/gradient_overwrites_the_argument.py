# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad overwrites the caller's array where it is updated by array.at[i].set"
# component = "catalyst"
# family = "updates_the_callers_array"
# summary = """
# The function updates its argument by .at[...].set or .add, in a loop or not, or by jax.lax.dynamic_update_slice.
# The gradient of the first call is right, but the update is done in the memory of the caller's array: after the call
# the weights, an immutable JAX array or a NumPy array, have other values, and the next step starts from there.
# From 0.12 to 0.14.1 it happens without the gradient, too.
# jnp.array(x) inside the function is no copy; x + 0.0 is.
# """
# oracle = "a copy of the argument made before the call"
# workaround = "update x + 0.0 instead of x, or pass a copy"
# see = ["catalyst/update_overwrites_the_argument", "catalyst/result_shares_memory_with_argument"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.12", outcome = ["ok"], seen = ["0.11.0"] },
#   { when = "pennylane-catalyst>=0.12", outcome = ["wrong-value"], seen = ["0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def total(x):
    return jnp.sum(x.at[1].set(x[0] ** 2) ** 2)


gradient = catalyst.qjit(catalyst.grad(total))


if __name__ == "__main__":
    x = jnp.array([0.3, 0.5, -0.2])
    before = np.array(x)  # a copy
    gradient(x)
    observed, expected = np.array(x), before
    error = float(np.max(np.abs(observed - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0.0 else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": 0.0,
            }
        )
    )
