# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad differentiates through jax.lax.stop_gradient"
# component = "catalyst"
# summary = """
# jax.lax.stop_gradient is dropped when Catalyst traces the function, so that what it should hold constant is
# differentiated, silently: x * stop_gradient(x) has gradient 2x. jax.grad knows it, inside qjit and outside.
# """
# oracle = "x, closed form"
# workaround = "make what is constant an argument that is not differentiated"
# see = ["catalyst/jax_grad_of_a_jitted_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-gradient"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def product(x):
    return jnp.sum(x * jax.lax.stop_gradient(x))


if __name__ == "__main__":
    x = np.array([0.3, 0.5, -0.2])
    observed = np.asarray(catalyst.qjit(catalyst.grad(product))(x))
    expected = x
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 0.0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
