# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "After a call with a wider type, @qjit computes ints as floats and bools as ints"
# component = "catalyst"
# family = "keeps_one_compilation"
# summary = """
# @qjit reuses an earlier compilation whenever JAX can promote the argument to it. After one call with a
# float, integers are computed in floating point: the last digit of 2**53 + 1 becomes 2. After one call
# with an integer, booleans are integers: ~True becomes -2, which is true. The same calls in a fresh
# program are right.
# """
# oracle = "Python integers and NumPy booleans; jax.jit in the same order of calls agrees"
# workaround = "one qjit object per dtype, or cast the argument inside"
# see = ["catalyst/dtype_follows_earlier_calls"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def after_a_wider_call(compiler):
    last_digit = compiler(lambda n: n % 10)
    last_digit(7.0)
    inverted = compiler(lambda mask: ~mask)
    inverted(np.array([1, 2]))
    digit = last_digit(2**53 + 1)
    mask = inverted(np.array([True, False]))
    return [int(digit)] + np.asarray(mask).astype(np.int64).tolist()


if __name__ == "__main__":
    observed = after_a_wider_call(catalyst.qjit)
    expected = [(2**53 + 1) % 10] + (~np.array([True, False])).astype(np.int64).tolist()
    jitted = after_a_wider_call(jax.jit)
    error = int(np.max(np.abs(np.subtract(observed, expected))))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,  # integers and booleans
                "detail": f"last digit of 2**53 + 1, then ~True, ~False as integers; jax.jit gives {jitted}",
            }
        )
    )
