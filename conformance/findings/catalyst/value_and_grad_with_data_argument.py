# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.value_and_grad with data of another shape: compile error up to 0.13"
# component = "catalyst"
# summary = """
# catalyst.value_and_grad of a loss of weights and data, without any circuit. Up to 0.13 the compiler
# compares the gradient's shape with the wrong argument's and refuses, unless weights and data happen to
# have the same shape. catalyst.grad of the same loss compiles. Fixed in 0.14.
# """
# oracle = "closed form"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/2251", "https://github.com/PennyLaneAI/catalyst/pull/2349"]
# workaround = "catalyst.grad, and the value from a second call"
# see = ["catalyst/value_and_grad_over_lax_map", "catalyst/value_and_grad_of_weights_and_bias"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.14", outcome = ["compile-error"], match = 'result types do not match', seen = ["0.11.0", "0.12.0", "0.13.0"] },
#   { when = "pennylane-catalyst>=0.14", outcome = ["ok"], seen = ["0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def loss(weights, data):
    return jnp.sum(weights**2) * jnp.sum(data)


if __name__ == "__main__":
    weights, data = np.array([0.1, 0.2]), np.array([0.3, 0.4, 0.5])

    value, gradient = catalyst.qjit(catalyst.value_and_grad(loss))(weights, data)
    observed = np.append(np.asarray(gradient), float(value))
    expected = np.append(2 * weights * data.sum(), np.sum(weights**2) * data.sum())

    error = float(np.max(np.abs(observed - expected)))
    # A handful of products and sums of numbers below 1.
    tolerance = 10 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": "the last entry is the value",
            }
        )
    )
