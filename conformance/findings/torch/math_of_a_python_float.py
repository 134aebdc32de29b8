# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "math.exp of a float argument: eight compilations, then torch.compile runs eager"
# component = "torch"
# summary = """
# By default torch.compile makes a changing Python float a variable at its second value. Not so where the function
# puts it through the math module, such as a damping math.exp(-dt): each value is then a constant and compiles again,
# and after eight the function runs eager for new values, with one warning in the log.
# """
# oracle = "calls of compiled code, counted in the backend: each call should run compiled code"
# upstream = ["https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html"]
# workaround = "pass a 0-d tensor and use torch.exp"
# see = ["torch/python_floats_become_variables", "torch/recompilation_for_python_floats"]
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json
import math

import numpy as np
import torch

COMPILED, RUN = [], []
STEPS = [0.1 * n for n in range(1, 13)]


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)

    def run(*args):
        RUN.append(graph)
        return graph.forward(*args)

    return run


def damp(x, dt):
    return x * math.exp(-dt)


def damp_by_tensor(x, dt):
    return x * torch.exp(-dt)


if __name__ == "__main__":
    x = torch.ones(3, dtype=torch.float64)
    compiled = torch.compile(damp, backend=counting_backend)
    runs_compiled = []
    for dt in STEPS:
        before = len(RUN)
        np.testing.assert_array_equal(compiled(x, dt).numpy(), math.exp(-dt))
        runs_compiled.append(len(RUN) - before)
    for_floats = len(COMPILED)

    compiled = torch.compile(damp_by_tensor, backend=counting_backend)
    for dt in STEPS:
        np.testing.assert_allclose(compiled(x, torch.tensor(dt, dtype=torch.float64)).numpy(), math.exp(-dt), 1e-15)
    for_tensors = len(COMPILED) - for_floats

    error = runs_compiled.count(0)
    print(
        json.dumps(
            {
                "outcome": "silent-fallback" if error else "ok",
                "observed": runs_compiled,
                "expected": [1] * len(STEPS),
                "error": error,
                "tolerance": 0,
                "detail": f"{for_floats} compilations for {len(STEPS)} floats, of which {error} run eager; "
                f"with torch.exp of a 0-d tensor: {for_tensors} compilation",
            }
        )
    )
