# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "Unsigned integers computed inside @qjit come back signed: 245 becomes -11"
# component = "catalyst"
# family = "unsigned_integers_lose_their_sign"
# summary = """
# A uint8 image is inverted inside @qjit, 255 - image. The result has dtype int8, and every value above
# 127 is off by 256: 245 comes back as -11. The same holds for uint16, uint32 and uint64 (and so for the
# keys of jax.random), with no warning.
# """
# oracle = "the same subtraction in NumPy; jax.jit agrees with it in value and dtype"
# workaround = "result.view of the unsigned dtype, or compute in a wider signed one"
# see = ["catalyst/unsigned_wires"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def inverted(image):
    return 255 - image


if __name__ == "__main__":
    image = np.array([0, 10, 100, 200], dtype=np.uint8)
    result = catalyst.qjit(inverted)(image)
    expected = inverted(image)
    jitted = jax.jit(inverted)(image)

    difference = np.asarray(result).astype(np.int64) - expected.astype(np.int64)
    error = int(np.max(np.abs(difference)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": np.asarray(result).tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": 0,  # integers
                "detail": f"{result.dtype}, should be {expected.dtype}; jax.jit: {jitted.tolist()}",
            }
        )
    )
