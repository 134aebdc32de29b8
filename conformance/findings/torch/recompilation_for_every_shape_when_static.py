# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.compile(dynamic=False) compiles for eight shapes; every further shape runs eager"
# component = "torch"
# family = "recompilation_when_static"
# summary = """
# A function compiled with dynamic=False is called with arrays of twelve lengths. Each of the first eight costs a
# compilation; at the ninth torch.compile gives up on the function, with one warning in the log, and new shapes run
# eager from then on. The values stay right, so only the time tells.
# """
# oracle = "calls of compiled code, counted in the backend: each call should run compiled code"
# upstream = [
#   "https://docs.pytorch.org/docs/2.13/generated/torch.compile.html",
#   "https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html",
# ]
# workaround = "torch.compile's default, or dynamic=True"
# see = ["torch/dynamic_true_compiles_once_for_all_shapes", "torch/recompilation_for_python_floats"]
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

COMPILED, RUN = [], []
LENGTHS = list(range(2, 14))


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)

    def run(*args):
        RUN.append(graph)
        return graph.forward(*args)

    return run


def norm(x):
    return (x * x).sum()


if __name__ == "__main__":
    compiled = torch.compile(norm, backend=counting_backend, dynamic=False)
    runs_compiled = []
    for length in LENGTHS:
        before = len(RUN)
        x = np.arange(length, dtype=float)
        assert float(compiled(torch.from_numpy(x))) == float(x @ x)  # whole numbers: exact
        runs_compiled.append(len(RUN) - before)
    compilations, before = len(COMPILED), len(RUN)
    compiled(torch.ones(LENGTHS[0], dtype=torch.float64))
    known_shape = "still runs compiled" if len(RUN) > before else "runs eager too"

    error = runs_compiled.count(0)
    print(
        json.dumps(
            {
                "outcome": "silent-fallback" if error else "ok",
                "observed": runs_compiled,
                "expected": [1] * len(LENGTHS),
                "error": error,
                "tolerance": 0,
                "detail": f"{compilations} compilations for {len(LENGTHS)} lengths; {error} of them run eager; "
                f"the first length {known_shape}",
            }
        )
    )
