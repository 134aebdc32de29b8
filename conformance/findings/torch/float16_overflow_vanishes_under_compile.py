# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "Compiled float16 code does not overflow where eager does: it computes in float32"
# component = "torch"
# summary = """
# x * x / x in float16 is infinite for x = 1000, since 1000 squared exceeds 65504. Compiled, it is 1000: Inductor keeps
# the values between fused operations in float32. More accurate, but not what the dtype says, nor what the same code
# gives eager or after a graph break: an overflow check passes compiled and the model is infinite elsewhere.
# """
# oracle = "IEEE half precision rounded after each operation, in NumPy float16"
# upstream = ["https://github.com/pytorch/pytorch/issues/183607"]
# workaround = "torch._inductor.config.emulate_precision_casts = True"
# expect = [
#   { when = "torch>=2.13", outcome = ["wrong-value"], seen = ["2.13.0"] },
# ]
# ///
import os

os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # compile in this process
os.environ["TORCHINDUCTOR_VEC_ISA_OK"] = "1"  # no trial compilation for the vector instructions

import json

import numpy as np
import torch
import torch._inductor.config

torch._inductor.config.cpp_cache_precompile_headers = False  # one kernel does not pay for it


def same(x):
    return x * x / x


if __name__ == "__main__":
    x = np.array([100.0, 1000.0], dtype=np.float16)
    with np.errstate(over="ignore"):
        expected = same(x)
    eager = same(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(eager, expected)
    observed = torch.compile(same)(torch.from_numpy(x)).numpy()

    error = int(np.isfinite(observed).sum()) - int(np.isfinite(expected).sum())
    print(
        json.dumps(
            {
                "outcome": "wrong-value" if error else "ok",
                "observed": [str(value) for value in observed],
                "expected": [str(value) for value in expected],
                "error": abs(error),
                "tolerance": 0,
                "detail": f"eager torch: {eager.tolist()}",
            }
        )
    )
