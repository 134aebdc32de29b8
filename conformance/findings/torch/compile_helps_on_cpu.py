# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.compile pays on a CPU too, for elementwise arithmetic that ends in a sum"
# component = "torch"
# summary = """
# It is often said that torch.compile brings nothing on a CPU, and code disables it there. For the field of many
# sources at many points, written in real arithmetic, one vectorised loop replaces nine passes over a matrix of
# points times sources: several times faster than eager on one thread, to the same digits.
# """
# oracle = "the sum in NumPy float64 for the values; the time is held against that of the same function, eager"
# see = ["torch/complex_codegen_in_inductor", "torch/always_dynamic_true_costs"]
# expect = [
#   { when = "torch>=2.13", outcome = ["ok"], seen = ["2.13.0"] },
# ]
# ///
import os

os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # compile in this process
os.environ["TORCHINDUCTOR_VEC_ISA_OK"] = "1"  # no trial compilation for the vector instructions

import json
import statistics
import time

import numpy as np
import torch
import torch._inductor.config

torch._inductor.config.cpp_cache_precompile_headers = False  # one kernel does not pay for it
torch.set_num_threads(1)
POINTS, SOURCES, WAVENUMBER, ROUNDS = 8192, 50, 6.0, 11


def field(points, sources):
    r = torch.linalg.vector_norm(points[:, None] - sources, dim=-1)
    phase = WAVENUMBER * r
    return (torch.cos(phase) / r).sum(1), (torch.sin(phase) / r).sum(1)


def seconds(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 4, (POINTS, 3)).astype(np.float32)
    sources = rng.uniform(5, 6, (SOURCES, 3)).astype(np.float32)
    args = torch.from_numpy(points), torch.from_numpy(sources)

    compiled = torch.compile(field)
    real, imaginary = (part.numpy() for part in compiled(*args))
    r = np.linalg.norm(points[:, None].astype(float) - sources, axis=-1)
    exact = (np.exp(1j * WAVENUMBER * r) / r).sum(1)
    # A relative rounding error of r (some 8 operations) is one of the phase k r, in radians.
    rounding = 8 * np.finfo(np.float32).eps * (WAVENUMBER * r.max() + SOURCES) * (1 / r).sum(1).max()
    assert np.abs(real + 1j * imaginary - exact).max() <= rounding

    field(*args)
    times = [(seconds(compiled, *args), seconds(field, *args)) for _ in range(ROUNDS)]
    with_compile, eager = (statistics.median(column) for column in zip(*times))
    ratio, bound = with_compile / eager, 0.5
    print(
        json.dumps(
            {
                "outcome": "ok" if ratio <= bound else "slow",
                "observed": ratio,
                "expected": bound,
                "error": ratio,
                "tolerance": bound,
                "detail": f"{POINTS} points x {SOURCES} sources, one thread: "
                f"eager {eager * 1e3:.2f} ms, compiled {with_compile * 1e3:.2f} ms",
            }
        )
    )
