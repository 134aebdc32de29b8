# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "@qjit returning X[0], X[:1] or X.reshape(...) of an argument returns all of X instead"
# component = "catalyst"
# family = "result_that_starts_at_an_argument"
# summary = """
# A @qjit function returns the first row of its argument, or a leading slice or a reshape of it. The
# result has the memory address of the argument, and the caller gets the whole argument back, in its old
# shape: X[0] is X. The other rows are right. So splitting or reshaping data inside @qjit returns wrong
# arrays with no warning.
# """
# oracle = "the same indexing and reshaping in NumPy"
# workaround = "return a computed value, 1.0 * x[0], or slice outside @qjit"
# see = ["catalyst/result_shares_memory_with_argument", "catalyst/noncontiguous_numpy_argument"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def pieces(table):
    return table[0], table[1], table[:1], table.reshape(6), 1.0 * table[0]


if __name__ == "__main__":
    table = np.arange(6.0).reshape(2, 3)
    observed = [np.asarray(piece).tolist() for piece in catalyst.qjit(pieces)(table)]
    expected = [piece.tolist() for piece in pieces(table)]
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,  # nothing is computed; 1.0 * x is exact
                "detail": "results of table[0], table[1], table[:1], table.reshape(6), 1.0 * table[0]",
            }
        )
    )
