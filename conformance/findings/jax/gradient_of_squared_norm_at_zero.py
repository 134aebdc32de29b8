# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "The gradient of jnp.linalg.norm(x) ** 2 at zero is NaN, where it is zero"
# component = "jax"
# family = "where_gradient_is_nan"
# summary = """
# The squared norm is the sum of the squares, smooth everywhere, with gradient 2x. Written as norm(x) ** 2
# its gradient at zero is NaN: the chain rule multiplies zero by the derivative of the norm, which does not
# exist there. Typical where two points coincide, or a residual is exactly zero at the start.
# """
# oracle = "the closed form 2x"
# upstream = ["https://github.com/jax-ml/jax/issues/21723", "https://github.com/jax-ml/jax/issues/4177", "https://github.com/jax-ml/jax/issues/26248"]
# workaround = "jnp.sum((x - y) ** 2)"
# see = ["jax/where_gradient_is_nan"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-gradient"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def squared_distance(x, y):
    return jnp.linalg.norm(x - y) ** 2


if __name__ == "__main__":
    x = np.array([1.0, 2.0, 3.0])
    observed = np.asarray(jax.grad(squared_distance)(jnp.asarray(x), jnp.asarray(x)))
    expected = 2 * (x - x)
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 0  # zeros and ones, no rounding
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"{int(np.isnan(observed).sum())} of {observed.size} entries are NaN",
            }
        )
    )
