# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.compile leaves complex arithmetic as slow as eager: cos and sin are 10 times faster"
# component = "torch"
# summary = """
# The field of many sources at many points, the sum of exp(i k r) / r, is written in complex arithmetic and compiled.
# Inductor generates no code for complex operators, so each runs one by one as in eager mode, with one warning.
# The same sum written with cos and sin compiles to one loop and takes less than a tenth of the time.
# """
# oracle = "both forms agree with the sum in NumPy complex128; the time is held against that of the real form"
# upstream = ["https://github.com/pytorch/pytorch/issues/125718", "https://github.com/pytorch/pytorch/issues/105267"]
# workaround = "real and imaginary part in real arithmetic (cos and sin)"
# see = ["torch/compile_helps_on_cpu"]
# expect = [
#   { when = "torch>=2.13", outcome = ["slow"], seen = ["2.13.0"] },
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

torch._inductor.config.cpp_cache_precompile_headers = False  # two kernels do not pay for it
torch.set_num_threads(1)
POINTS, SOURCES, WAVENUMBER, ROUNDS = 8192, 50, 6.0, 11


def complex_field(points, sources):
    r = torch.linalg.vector_norm(points[:, None] - sources, dim=-1)
    return (torch.exp(1j * WAVENUMBER * r) / r).sum(1)


def real_field(points, sources):
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

    compiled_complex = torch.compile(complex_field)
    compiled_real = torch.compile(real_field)
    field = compiled_complex(*args).numpy()
    real, imaginary = (part.numpy() for part in compiled_real(*args))

    r = np.linalg.norm(points[:, None].astype(float) - sources, axis=-1)
    exact = (np.exp(1j * WAVENUMBER * r) / r).sum(1)
    # A relative rounding error of r (some 8 operations) is one of the phase k r, in radians.
    rounding = 8 * np.finfo(np.float32).eps * (WAVENUMBER * r.max() + SOURCES) * (1 / r).sum(1).max()
    assert np.abs(field - exact).max() <= rounding
    assert np.abs(real + 1j * imaginary - exact).max() <= rounding

    times = [(seconds(compiled_complex, *args), seconds(compiled_real, *args)) for _ in range(ROUNDS)]
    slow, fast = (statistics.median(column) for column in zip(*times))
    ratio, bound = slow / fast, 3.0
    print(
        json.dumps(
            {
                "outcome": "slow" if ratio > bound else "ok",
                "observed": ratio,
                "expected": 1.0,
                "error": ratio,
                "tolerance": bound,
                "detail": f"{POINTS} points x {SOURCES} sources, both compiled, one thread: "
                f"complex {slow * 1e3:.2f} ms, cos and sin {fast * 1e3:.2f} ms",
            }
        )
    )
