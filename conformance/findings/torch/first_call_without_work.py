# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "A function whose first call does nothing with tensors is never compiled afterwards"
# component = "torch"
# summary = """
# The first call of a compiled function takes an early return, for instance at step 0, so that no tensor operation is
# traced. torch.compile then marks the function as nothing to compile, for good: every later call runs eager, whatever
# it does, with nothing printed. The values are right; the compilation never happens.
# """
# oracle = "the graphs handed to the backend, counted: the second call has tensor operations, so it is one graph"
# upstream = ["https://github.com/pytorch/pytorch/issues/144820"]
# workaround = "take the early return outside the compiled function"
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

COMPILED = []


def counting_backend(graph, example_inputs):
    COMPILED.append(graph)
    return graph.forward


def rotate(x, step):
    if step == 0:
        return x
    return x * torch.cos(x) + step


def graphs_for(steps):
    torch.compiler.reset()
    COMPILED.clear()
    compiled = torch.compile(rotate, backend=counting_backend)
    for step in steps:
        np.testing.assert_array_equal(compiled(torch.zeros(3), step).numpy(), step)
    return len(COMPILED)


if __name__ == "__main__":
    observed = graphs_for([0, 1, 2, 3])
    without_zero = graphs_for([1, 2, 3])
    error = int(observed == 0)
    print(
        json.dumps(
            {
                "outcome": "silent-fallback" if error else "ok",
                "observed": observed,
                "expected": "at least 1",
                "error": error,
                "tolerance": 0,
                "detail": f"graphs compiled for steps 0, 1, 2, 3: {observed}; for steps 1, 2, 3: {without_zero}",
            }
        )
    )
