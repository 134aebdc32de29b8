# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.value_and_grad of (weights, bias): compiler abort; grad of the same is right"
# component = "catalyst"
# summary = """
# catalyst.value_and_grad with respect to a vector and a scalar after it (two argnums, or a tuple or
# dictionary of the two), without any circuit. The compiler aborts on an assertion in memref.subview
# whenever an argument has fewer dimensions than the one before it; catalyst.grad is right, and so is
# value_and_grad with the scalar first.
# """
# oracle = "closed form"
# workaround = "put arguments of lower rank first: (bias, weights)"
# see = ["catalyst/value_and_grad_with_data_argument"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["crash"], match = 'SubViewOp::inferResultType', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def loss(weights, bias):
    return jnp.sum(weights**2) * bias


if __name__ == "__main__":
    weights, bias = np.array([0.1, 0.2]), 0.3

    gradients = catalyst.qjit(catalyst.grad(loss, argnums=[0, 1]))(weights, bias)
    grad_error = max(
        float(np.max(np.abs(np.asarray(gradients[0]) - 2 * weights * bias))),
        abs(float(gradients[1]) - np.sum(weights**2)),
    )
    value, gradients = catalyst.qjit(catalyst.value_and_grad(loss, argnums=[0, 1]))(weights, bias)
    observed = np.concatenate([np.asarray(gradients[0]), [float(gradients[1]), float(value)]])
    expected = np.concatenate([2 * weights * bias, [np.sum(weights**2), np.sum(weights**2) * bias]])

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
                "detail": f"the last entry is the value; catalyst.grad is off by {grad_error:.0e}",
            }
        )
    )
