# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "With a second jnp.where inside, the gradient of a guarded square root is right"
# component = "jax"
# summary = """
# jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1)), 0): the inner where keeps the argument of the root away
# from where it has no derivative. Value and gradient are right everywhere, also for x log x.
# """
# oracle = "the closed form: 1/(2 sqrt(x)) and log(x) + 1 for x > 0, else 0"
# upstream = ["https://docs.jax.dev/en/latest/faq.html"]
# see = ["jax/where_gradient_is_nan"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def loss(x):
    safe = jnp.where(x > 0, x, 1.0)
    return jnp.where(x > 0, jnp.sqrt(safe), 0.0).sum() + jnp.where(x > 0, safe * jnp.log(safe), 0.0).sum()


if __name__ == "__main__":
    x = np.array([-2.0, 0.0, 0.25, 1.0])
    observed = np.asarray(jax.grad(loss)(jnp.asarray(x)))
    expected = np.array([0.0, 0.0, 1.0 + np.log(0.25) + 1.0, 0.5 + 1.0])
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 16 * float(np.finfo(np.float64).eps)  # a root, a logarithm and three sums
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
