# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "An entropy written with torch.special.entr compiles to one graph and is right at zero"
# component = "torch"
# summary = """
# torch.special.entr is -p log p, and 0 at p = 0, so that the zeros need not be selected away. fullgraph=True accepts
# the entropy, the backend gets one graph, and the value is right for zeros as well.
# """
# oracle = "1.5 log 2, the entropy of (1/2, 1/4, 1/4, 0) in closed form; the graphs are counted in the backend"
# see = ["torch/boolean_mask_breaks_the_graph"]
# expect = [
#   { when = "torch>=2.13", outcome = ["ok"], seen = ["2.13.0"] },
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
    return torch.special.entr(p).sum()


if __name__ == "__main__":
    p = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64)
    observed = float(torch.compile(entropy, backend=counting_backend, fullgraph=True)(p))
    assert len(GRAPHS) == 1

    expected = 1.5 * float(np.log(2))
    error = abs(observed - expected)
    tolerance = 8 * float(np.finfo(np.float64).eps)  # four logarithms, products and additions of size 1 at most
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
