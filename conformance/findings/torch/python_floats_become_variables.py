# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "By default torch.compile compiles twice, not each time, for a changing Python float"
# component = "torch"
# summary = """
# The manual says that each new value of a Python float argument costs a compilation. With the default dynamic=None
# that holds for the second value only: it compiles code in which the float is a variable, and that serves all others.
# """
# oracle = "the compilations, counted in the backend after each call; values in closed form"
# upstream = ["https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html"]
# see = ["torch/recompilation_for_python_floats", "torch/math_of_a_python_float"]
# expect = [
#   { when = "torch>=2.13", outcome = ["ok"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

COMPILED = []
STEPS = [0.125 * n for n in range(1, 13)]


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)
    return graph.forward


def advance(x, velocity, dt):
    return x + dt * velocity


if __name__ == "__main__":
    x, velocity = torch.zeros(3), torch.ones(3)
    compiled = torch.compile(advance, backend=counting_backend)
    observed = []
    for dt in STEPS:
        np.testing.assert_array_equal(compiled(x, velocity, dt).numpy(), dt)
        observed.append(len(COMPILED))

    expected = [1] + [2] * (len(STEPS) - 1)
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "slow",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"{observed[-1]} compilations for {len(STEPS)} values",
            }
        )
    )
