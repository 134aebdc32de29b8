# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.grad through a foreign call (pure_callback) is refused until custom_vjp is given"
# component = "jax"
# summary = """
# A NumPy function is called from JAX with jax.pure_callback and differentiated. JAX cannot look inside a
# foreign function, so jax.grad raises, also where a derivative is a one-liner. The refusal is loud, at
# trace time, and names a remedy (custom_jvp; custom_vjp serves as well).
# """
# oracle = "the derivative of the sine, in NumPy"
# upstream = ["https://docs.jax.dev/en/latest/external-callbacks.html"]
# workaround = "jax.custom_vjp with a second callback for the derivative"
# see = ["jax/foreign_gradient_under_jit_and_vmap"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["error"], match = "Pure callbacks do not support JVP", seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def foreign_sine(x):
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


if __name__ == "__main__":
    x = 0.5
    observed = float(jax.grad(foreign_sine)(jnp.asarray(x)))
    expected = float(np.cos(x))
    error = abs(observed - expected)
    tolerance = 4 * float(np.finfo(np.float64).eps)  # one cosine on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
