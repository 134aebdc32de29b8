# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A float16 or bfloat16 result of @qjit is refused only when the compiled function is called"
# component = "catalyst"
# summary = """
# A @qjit function of a float16 array compiles and then raises "TypeError: Requested return type is
# unavailable", which names neither the dtype nor the result. The same happens for bfloat16. Half
# precision is accepted for arguments.
# """
# oracle = "the same product in NumPy"
# workaround = "return values.astype(jnp.float32)"
# see = ["catalyst/unsigned_results_come_back_signed"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["error"], match = 'Requested return type is unavailable', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def doubled(values):
    return 2.0 * values


if __name__ == "__main__":
    values = np.array([0.5, 1.0, 1.5], dtype=np.float16)
    observed = np.asarray(doubled(values)).tolist()  # TypeError
    expected = (2.0 * values).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,  # doubling is exact
            }
        )
    )
