# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "A boolean mask splits a torch.compile'd function: part of it runs eager, without a word"
# component = "torch"
# summary = """
# An entropy that selects the positive probabilities with p[p > eps] is compiled. The size of the selection depends on
# the data, so torch.compile cuts the function in two at the mask and runs the selection eager. The value is right and
# nothing is printed; fusion and anything built on one graph are lost. fullgraph=True traces the same mask into one
# graph, with the size of the selection as a variable.
# """
# oracle = "the number of graphs handed to the backend, counted there: one function is one graph"
# upstream = ["https://docs.pytorch.org/docs/2.13/generated/torch.compile.html"]
# workaround = "fullgraph=True; better, torch.special.entr, which needs no mask"
# see = ["torch/entropy_without_a_mask"]
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

GRAPHS = []


def counting_backend(graph, example_inputs):
    GRAPHS.append(graph)
    return graph.forward


def entropy(p):
    positive = p[p > 1e-12]
    return -(positive * torch.log(positive)).sum()


if __name__ == "__main__":
    p = np.array([0.5, 0.25, 0.25, 0.0])
    value = float(torch.compile(entropy, backend=counting_backend)(torch.from_numpy(p)))
    assert abs(value - 1.5 * np.log(2)) <= 8 * np.finfo(float).eps
    graphs = len(GRAPHS)

    torch.compiler.reset()  # else the code compiled above is used again
    GRAPHS.clear()
    torch.compile(entropy, backend=counting_backend, fullgraph=True)(torch.from_numpy(p))

    error = graphs - 1
    print(
        json.dumps(
            {
                "outcome": "silent-fallback" if error else "ok",
                "observed": graphs,
                "expected": 1,
                "error": error,
                "tolerance": 0,
                "detail": f"{graphs} graphs, value right; with fullgraph=True: {len(GRAPHS)} graph",
            }
        )
    )
