# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "The same torch.manual_seed gives other random numbers once the function is compiled"
# component = "torch"
# summary = """
# A seeded simulation is compiled and no longer reproduces its own eager run: Inductor draws from a counter-based
# generator of its own, not from torch's Mersenne twister, and says nothing. Dropout masks, initial values and Monte
# Carlo steps differ throughout. The numbers are as good as the others; only comparison and reproduction suffer.
# """
# oracle = "NumPy's Mersenne twister with the same seed: the low 24 bits of its words, over 2**24, are torch's rand"
# upstream = ["https://github.com/pytorch/pytorch/issues/118735", "https://github.com/pytorch/pytorch/issues/141645"]
# workaround = "torch._inductor.config.fallback_random = True"
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
SEED, COUNT = 0, 5


def draw():
    return torch.rand(COUNT)


def seeded(function):
    torch.manual_seed(SEED)
    return function().double().numpy()


if __name__ == "__main__":
    words = np.random.RandomState(SEED).randint(0, 2**32, COUNT, dtype=np.uint32)
    expected = (words % 2**24) / 2**24
    observed = seeded(torch.compile(draw))
    eager = seeded(draw)

    torch.compiler.reset()
    torch._inductor.config.fallback_random = True
    with_fallback = seeded(torch.compile(draw))

    error = float(np.abs(observed - expected).max())
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": 0,
                "detail": f"the twister against eager: {np.abs(eager - expected).max():.0e}; "
                f"against compiled with fallback_random: {np.abs(with_fallback - expected).max():.0e}",
            }
        )
    )
