# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11"]
#
# [tool.sharpbits]
# title = "import catalyst switches jax_enable_x64 on for the process, even after an explicit False"
# component = "catalyst"
# summary = """
# A program sets jax_enable_x64 to False, and later something imports catalyst (the first qml.qjit does).
# From then on every new JAX array is float64 and int64: models double their memory, and dtypes of arrays
# made before and after no longer agree. There is no warning, and setting the flag before the import has
# no effect.
# """
# oracle = "dtypes that JAX documents for jax_enable_x64=False"
# workaround = "import catalyst first, then set the flag"
# see = ["catalyst/x64_off_qnode", "catalyst/x64_on_float32_arrays"]
# alone = true
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-dtype"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", False)
before = [str(jnp.ones(2).dtype), str(jnp.arange(2).dtype)]

import catalyst  # noqa: F401  (the import is the finding)

if __name__ == "__main__":
    observed = [str(jnp.ones(2).dtype), str(jnp.arange(2).dtype)]
    expected = ["float32", "int32"]  # the user asked for 32 bits and never took it back
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"{before} before the import",
            }
        )
    )
