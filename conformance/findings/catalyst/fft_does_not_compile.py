# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jnp.fft does not compile under qjit"
# component = "catalyst"
# family = "operation_without_lowering"
# summary = """
# No Fourier transform of jax.numpy can be used inside qjit: the compiler has no lowering for the operation and stops
# with "op was not bufferized ... stablehlo.fft".
# """
# oracle = "discrete Fourier transform as a matrix product, NumPy"
# workaround = "a product with the DFT matrix, or catalyst.pure_callback"
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'stablehlo.fft|mhlo.fft', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def power(x):
    return jnp.abs(jnp.fft.fft(x)) ** 2


if __name__ == "__main__":
    x = np.array([1.0, 2.0, 0.5, -1.0])
    observed = np.asarray(power(x))  # CompileError
    expected = np.abs(np.exp(-2j * np.pi * np.outer(range(4), range(4)) / 4) @ x) ** 2
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 1e-13
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
