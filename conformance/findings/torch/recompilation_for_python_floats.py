# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "dynamic=False compiles for each value of a Python float, and after eight runs eager"
# component = "torch"
# family = "recompilation_when_static"
# summary = """
# A time step is passed as a Python float to a function compiled with dynamic=False. Each value is a constant of the
# compiled code, so each new one compiles again; after eight, torch.compile gives up on the function with one warning
# in the log, and new values run eager. By default the second value already makes the float a variable.
# """
# oracle = "calls of compiled code, counted in the backend: each call should run compiled code"
# upstream = ["https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html"]
# workaround = "pass a 0-d tensor, or leave dynamic at its default"
# see = [
#   "torch/python_floats_become_variables",
#   "torch/math_of_a_python_float",
#   "torch/recompilation_for_every_shape_when_static",
# ]
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

COMPILED, RUN = [], []
STEPS = [0.125 * n for n in range(1, 13)]


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)

    def run(*args):
        RUN.append(graph)
        return graph.forward(*args)

    return run


def advance(x, velocity, dt):
    return x + dt * velocity


if __name__ == "__main__":
    x, velocity = torch.zeros(3), torch.ones(3)
    compiled = torch.compile(advance, backend=counting_backend, dynamic=False)
    runs_compiled = []
    for dt in STEPS:
        before = len(RUN)
        np.testing.assert_array_equal(compiled(x, velocity, dt).numpy(), dt)
        runs_compiled.append(len(RUN) - before)
    for_floats = len(COMPILED)

    torch.compiler.reset()
    compiled = torch.compile(advance, backend=counting_backend, dynamic=False)
    for dt in STEPS:
        compiled(x, velocity, torch.tensor(dt))
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
                f"as 0-d tensors: {for_tensors} compilation",
            }
        )
    )
