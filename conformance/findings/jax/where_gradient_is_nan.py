# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jnp.where keeps NaN out of the value but not out of the gradient"
# component = "jax"
# family = "where_gradient_is_nan"
# summary = """
# jnp.where(x > 0, jnp.sqrt(x), 0) guards a square root. The value is right everywhere. The gradient is NaN
# wherever x is not positive: the derivative of the branch that was not taken is multiplied by zero, and
# zero times NaN is NaN. One such entry makes the gradient of a whole loss NaN.
# """
# oracle = "the closed form: 1/(2 sqrt(x)) for x > 0, and 0 for x < 0, where the function is constant"
# upstream = ["https://docs.jax.dev/en/latest/faq.html"]
# workaround = "a second where inside: jnp.sqrt(jnp.where(x > 0, x, 1.0))"
# see = ["jax/double_where_gradient", "jax/gradient_of_squared_norm_at_zero"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-gradient"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def guarded(x):
    return jnp.where(x > 0, jnp.sqrt(x), 0.0)


if __name__ == "__main__":
    x = np.array([-2.0, -1.0, 0.25])
    assert np.array_equal(guarded(jnp.asarray(x)), [0.0, 0.0, 0.5])  # the values are right
    observed = np.asarray(jax.grad(lambda x: guarded(x).sum())(jnp.asarray(x)))
    expected = np.array([0.0, 0.0, 1.0])
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
