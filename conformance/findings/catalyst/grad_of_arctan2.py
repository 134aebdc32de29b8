# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of jnp.arctan, arctan2, arcsin or arccos does not compile"
# component = "catalyst"
# family = "call_without_derivative"
# summary = """
# Since 0.13 Enzyme, which Catalyst differentiates classical code with, finds no derivative of the C library's atan2,
# and arctan, arcsin and arccos are lowered to it; 0.11 and 0.12 differentiate them right.
# """
# oracle = "derivative 1 / (1 + x^2), closed form"
# workaround = "jax.grad for the classical part, inside qjit or outside"
# see = ["catalyst/grad_of_linear_algebra"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.13", outcome = ["ok"], seen = ["0.11.0", "0.12.0"] },
#   { when = "pennylane-catalyst>=0.13", outcome = ["compile-error"], match = 'atan2', seen = ["0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def angle(x):
    return jnp.sum(jnp.arctan2(x, 1.0))


if __name__ == "__main__":
    x = np.array([0.3, 0.5, -0.2])
    observed = np.asarray(catalyst.qjit(catalyst.grad(angle))(x))  # CompileError
    expected = 1 / (1 + x**2)
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 10 * float(np.finfo(np.float64).eps)  # a quotient
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
