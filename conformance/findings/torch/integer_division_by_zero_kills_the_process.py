# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "Compiled integer division by zero, rounded towards zero, kills the process (SIGFPE)"
# component = "torch"
# summary = """
# torch.div(a, b, rounding_mode="trunc") of integers raises a RuntimeError in eager mode where b has a zero. Compiled
# for the CPU it divides in bare C++, and the hardware kills the whole process: no exception, no traceback of the
# caller, unsaved results lost. The operators // and % raise in compiled code as they should.
# """
# oracle = "eager mode and Python itself: an integer division by zero is an exception that can be caught"
# upstream = ["https://github.com/pytorch/pytorch/issues/143649", "https://github.com/pytorch/pytorch/pull/186021"]
# workaround = "a // b where signs allow, or torch.where(b == 0, 1, b)"
# expect = [
#   { when = "torch>=2.13", outcome = ["crash"], match = "SIGFPE", seen = ["2.13.0"] },
# ]
# ///
import os

os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # compile in this process
os.environ["TORCHINDUCTOR_VEC_ISA_OK"] = "1"  # no trial compilation for the vector instructions

import json

import torch
import torch._inductor.config

torch._inductor.config.cpp_cache_precompile_headers = False  # one kernel does not pay for it


def quotient(a, b):
    return torch.div(a, b, rounding_mode="trunc")


if __name__ == "__main__":
    a, b = torch.tensor([7, 8]), torch.tensor([2, 0])
    try:
        observed = str(torch.compile(quotient)(a, b).tolist())
    except RuntimeError as refusal:  # right: eager raises it too
        observed = str(refusal)

    error = int("ZeroDivisionError" not in observed)
    print(
        json.dumps(
            {
                "outcome": "wrong-value" if error else "ok",
                "observed": observed,
                "expected": "RuntimeError: ZeroDivisionError",
                "error": error,
                "tolerance": 0,
            }
        )
    )
