# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of jnp.linalg.solve, inv, cholesky or eigh does not compile"
# component = "catalyst"
# family = "call_without_derivative"
# summary = """
# Inside qjit they are calls into LAPACK, which Enzyme cannot see through: "An operation without a valid gradient was
# found". Values compile, determinants differentiate, and jax.grad of the same function outside qjit is right; inside
# it is zero since 0.14.
# """
# oracle = "derivative of 1/x, closed form"
# workaround = "jax.grad outside qjit, or catalyst.grad with method='fd'"
# see = ["catalyst/grad_of_arctan2", "catalyst/jax_grad_of_a_jitted_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'without a valid gradient', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def inverse(x):
    return jnp.linalg.inv(jnp.diag(x))[0, 0]


if __name__ == "__main__":
    x = np.array([0.5, 2.0])
    observed = np.asarray(catalyst.qjit(catalyst.grad(inverse))(x))  # CompileError
    expected = np.array([-1 / x[0] ** 2, 0.0])
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 1e-14
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
