# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "suppress_errors runs a function whose compilation failed eager, and raises nothing"
# component = "torch"
# summary = """
# torch._dynamo.config.suppress_errors = True is set so that code that does not compile works all the same. A compiler
# that fails is then a traceback in the log and no exception: every call runs eager, and the program cannot tell.
# Without the setting the first call raises BackendCompilerFailed.
# """
# oracle = "the calls of compiled code, counted: each call should run it, or raise"
# workaround = "leave suppress_errors off, and catch the error where it matters"
# expect = [
#   { when = "torch>=2.13", outcome = ["silent-fallback"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch
import torch._dynamo

torch._dynamo.config.suppress_errors = True
ATTEMPTS = []


def failing_backend(graph, example_inputs):
    ATTEMPTS.append(graph)
    raise RuntimeError("this compiler always fails")


def norm(x):
    return (x * x).sum()


if __name__ == "__main__":
    x = np.arange(4.0)
    compiled = torch.compile(norm, backend=failing_backend)
    values = [float(compiled(torch.from_numpy(x))) for _ in range(3)]
    assert values == [14.0] * 3

    # The backend returned no code, so what ran is the function itself.
    observed, expected = "3 values, 0 from compiled code", "an exception"
    print(
        json.dumps(
            {
                "outcome": "silent-fallback",
                "observed": observed,
                "expected": expected,
                "error": len(values),
                "tolerance": 0,
                "detail": f"{len(ATTEMPTS)} failed compilation, {len(values)} eager calls, no exception",
            }
        )
    )
