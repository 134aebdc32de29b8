# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "fullgraph=True accepts a broken graph when the function was compiled without it before"
# component = "torch"
# summary = """
# A function with a branch on its data, a graph break, is compiled once as it is, then with fullgraph=True, which
# promises an error for it. There is none: compiled code belongs to the function, and the second torch.compile reuses
# what the first has made, in pieces. A test for graph breaks passes when something else compiled the function first.
# """
# oracle = "the same torch.compile with fullgraph=True after torch.compiler.reset(): it raises"
# upstream = [
#   "https://github.com/pytorch/pytorch/issues/114059",
#   "https://docs.pytorch.org/docs/2.13/generated/torch.compile.html",
# ]
# workaround = "torch.compiler.reset() first"
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import torch


def doubled_or_tripled(x):
    if x.sum() > 0:  # depends on the data: a graph break
        return x * 2
    return x * 3


def with_fullgraph(x):
    try:
        return str(torch.compile(doubled_or_tripled, backend="eager", fullgraph=True)(x).tolist())
    except Exception as refusal:
        return type(refusal).__name__


if __name__ == "__main__":
    x = torch.tensor([1.0, -2.0, 3.0])
    torch.compile(doubled_or_tripled, backend="eager")(x)
    observed = with_fullgraph(x)
    torch.compiler.reset()
    expected = with_fullgraph(x)

    error = int(observed != expected)
    print(
        json.dumps(
            {
                "outcome": "silent-fallback" if error else "ok",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"after a compilation without fullgraph: {observed}; on its own: {expected}",
            }
        )
    )
