# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "@qjit ignores the types of keyword arguments: a float is read as the bits of an int"
# component = "catalyst"
# family = "noncontiguous_numpy_argument"
# summary = """
# @qjit decides by the positional arguments alone whether it has to compile. A keyword argument of another
# dtype or shape than at the first call is handed to the old code, which reads its bytes as the old type:
# 2.5 becomes 4612811918334230528, and of an array only the first entry is used. Nothing is raised. Larger
# types than at the first call are read out of bounds.
# """
# oracle = "the same sums in NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/2182"]
# workaround = "pass every argument of a @qjit function by position"
# see = ["catalyst/x64_off_float64_argument", "catalyst/promotion_to_an_earlier_dtype_changes_values"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def total(x, y):
    return x + y


if __name__ == "__main__":
    arguments = [2, 2.5, np.array([3, 4])]  # the first call compiles for an integer
    observed = [np.asarray(total(1, y=y)).tolist() for y in arguments]
    expected = [np.asarray(1 + y).tolist() for y in arguments]
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,  # sums of small integers and halves are exact
            }
        )
    )
