# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.compile(dynamic=True) compiles once for all lengths but 0 and 1, which get their own"
# component = "torch"
# summary = """
# With dynamic=True one compilation serves every length from 2 on. Lengths 0 and 1 are always specialised, so a
# program that meets them compiles three times, never once.
# """
# oracle = "the compilations, counted in the backend after each call, against the documented rule; values in NumPy"
# upstream = ["https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html"]
# see = ["torch/recompilation_for_every_shape_when_static", "torch/always_dynamic_true_costs"]
# expect = [
#   { when = "torch>=2.13", outcome = ["ok"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

COMPILED = []
LENGTHS = [5, 2, 3, 7, 100, 12, 30, 11, 13, 17, 1, 0, 1, 0, 64]


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)
    return graph.forward


def norm(x):
    return (x * x).sum()


if __name__ == "__main__":
    compiled = torch.compile(norm, backend=counting_backend, dynamic=True)
    observed = []
    for length in LENGTHS:
        x = np.arange(length, dtype=float)
        assert float(compiled(torch.from_numpy(x))) == float(x @ x)  # whole numbers: exact
        observed.append(len(COMPILED))

    expected = [1] * 10 + [2, 3, 3, 3, 3]
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "slow",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"{observed[9]} compilation for ten lengths from 2 on, {observed[-1]} with 1 and 0",
            }
        )
    )
