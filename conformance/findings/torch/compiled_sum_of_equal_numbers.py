# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "A compiled float32 sum of ten million equal numbers is right to four digits, eager to six"
# component = "torch"
# summary = """
# Eager torch sums float32 in a tree of short runs. The loop that Inductor generates for a CPU adds runs of 4096 terms
# for each vector lane, one term after the other, before its tree begins. Where the terms are alike, as in the mean of
# near-constant data, their roundings all point the same way. Random terms hide it: there the errors average out.
# """
# oracle = "the number of terms times the float32 value, in Python floats"
# upstream = ["https://github.com/pytorch/pytorch/issues/154703"]
# workaround = "x.sum(dtype=torch.float64)"
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
torch.set_num_threads(1)
TERMS = 10_000_000


def total(x):
    return x.sum()


if __name__ == "__main__":
    x = torch.full((TERMS,), 0.1)
    expected = TERMS * float(np.float32(0.1))
    observed = float(torch.compile(total)(x))
    eager = float(total(x))

    error = abs(observed - expected)
    # A tree rounds once at each of its log2(n) levels, by half an eps each.
    tolerance = np.log2(TERMS) * float(np.finfo(np.float32).eps) / 2 * expected
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"eager is off by {abs(eager - expected):.2f}",
            }
        )
    )
