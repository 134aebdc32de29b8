# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "Classical complex64 code inside @qjit stays complex64, with float32 for its modulus"
# component = "catalyst"
# summary = """
# Complex arithmetic on complex64 and float32 arrays inside @qjit keeps complex64, the modulus is float32,
# and Python numbers do not widen anything: the dtypes are those of jax.jit, and the values are right.
# """
# oracle = "dtypes: jax.jit of the same function; values: NumPy in complex128"
# see = ["catalyst/dtype_of_state_for_complex64_input"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def phases(z, angles):
    turned = 2.0 * z * jnp.exp(1j * angles)
    return turned, jnp.abs(turned), turned.real, jnp.conj(z) @ z


if __name__ == "__main__":
    z = np.array([0.5 + 0.25j, -1.0j, 2.0], dtype=np.complex64)  # exact in single precision
    angles = np.array([0.25, 0.5, 1.0], dtype=np.float32)
    results = catalyst.qjit(phases)(z, angles)
    jitted = jax.jit(phases)(z, angles)

    wide, turned = z.astype(np.complex128), 2.0 * z * np.exp(1j * angles.astype(np.float64))
    exact = [turned, np.abs(turned), turned.real, np.vdot(wide, wide)]
    value_error = max(float(np.max(np.abs(np.asarray(r) - e))) for r, e in zip(results, exact))
    # Up to five operations on numbers of size at most 4, each rounded to float32.
    value_is_right = value_error <= 5 * 4 * np.finfo(np.float32).eps

    observed = [str(r.dtype) for r in results] + [bool(value_is_right)]
    expected = [str(r.dtype) for r in jitted] + [True]
    error, tolerance = sum(a != b for a, b in zip(observed, expected)), 0
    detail = f"value off by {value_error:.1e}"
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": detail,
            }
        )
    )
