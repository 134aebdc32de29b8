# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of a function that computes with complex numbers does not compile"
# component = "catalyst"
# family = "grad_through_complex_numbers"
# summary = """
# Real in, real out, complex in between, such as the absolute value of a sum of phases: refused by the compiler with
# "failed to legalize operation 'memref.load'". jax.grad of the same function inside qjit compiles and is right.
# """
# oracle = "derivative of 2 + 2 cos(a - b), closed form"
# workaround = "jax.grad for the classical part, or real and imaginary parts apart"
# see = ["catalyst/grad_with_run_time_unitary"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = "failed to legalize operation 'memref.load'", seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def intensity(phases):
    amplitude = jnp.sum(jnp.exp(1j * phases))
    return jnp.real(amplitude * jnp.conj(amplitude))


if __name__ == "__main__":
    phases = np.array([0.3, 0.8])
    observed = np.asarray(catalyst.qjit(catalyst.grad(intensity))(phases))  # CompileError
    expected = 2 * np.sin(phases[0] - phases[1]) * np.array([-1.0, 1.0])
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
