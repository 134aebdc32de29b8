# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "The gradient of a function under jax.checkpoint does not compile under qjit"
# component = "catalyst"
# family = "operation_without_lowering"
# summary = """
# jax.checkpoint (remat) puts an optimization barrier into the program, for which the compiler has no lowering:
# "op was not bufferized ... optimization_barrier".
# """
# oracle = "derivative of sum(sin(x)^2), closed form"
# workaround = "the function without jax.checkpoint"
# see = ["catalyst/jax_grad_of_a_jitted_function"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'optimization_barrier', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def gradient(x):
    return jax.grad(jax.checkpoint(lambda y: jnp.sum(jnp.sin(y) ** 2)))(x)


if __name__ == "__main__":
    x = np.array([0.3, 0.5, -0.2])
    observed = np.asarray(gradient(x))  # CompileError
    expected = np.sin(2 * x)
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 10 * float(np.finfo(np.float64).eps)  # a sine
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
