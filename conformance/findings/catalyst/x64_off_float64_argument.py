# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: float64 and Python float arguments of @qjit are read as float32 bits"
# component = "catalyst"
# family = "noncontiguous_numpy_argument"
# summary = """
# With x64 off, @qjit traces a float64 argument as float32 and compiles for that, but hands the kernel the
# original float64 buffer. The bytes are read as if they were float32: np.array([1.0, 2.0, 3.0]) becomes
# [0.0, 1.875, 0.0], and the Python number 3.0 becomes 0.0. No error, no warning, and float64 is what
# NumPy and Python make by default.
# """
# oracle = "the same product in NumPy"
# workaround = "leave x64 on, or pass np.float32(...) of every float"
# see = [
#   "catalyst/x64_off_qnode",
#   "catalyst/x64_off_without_a_qnode",
#   "catalyst/keyword_argument_changes_type",
# ]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", False)


@catalyst.qjit
def scaled(values, factor):
    return values * factor


if __name__ == "__main__":
    values = np.array([1.0, 2.0, 3.0])  # float64, as NumPy makes it
    array_argument = np.asarray(scaled(values, np.float32(2.0)))
    python_float = np.asarray(scaled(values.astype(np.float32), 2.0))
    jitted = np.asarray(jax.jit(lambda v, f: v * f)(values, 2.0))  # jax.jit converts the argument: right

    observed = np.hstack([array_argument, python_float])
    expected = np.hstack([2.0 * values, 2.0 * values])
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 10 * float(np.finfo(np.float32).eps)  # products of small integers are exact even in float32
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"jax.jit gives {jitted.tolist()} for the same arguments",
            }
        )
    )
