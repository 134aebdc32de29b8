# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "dynamic=True also makes the 3 of (n, 3) points variable: less fusion, half the speed"
# component = "torch"
# summary = """
# A function of points in space is compiled with dynamic=True because the number of points varies. That makes every
# size a variable, also the 3 coordinates: Inductor can no longer unroll the sum over them, so it stores the whole
# matrix of distances, points times sources, that the static code never holds. The field of 8192 points and 50 sources
# took 2.7 ms on one core, 1.2 ms with sizes fixed.
# """
# oracle = "the arrays that the generated code allocates, counted in it: the two results are all that is needed"
# upstream = ["https://docs.pytorch.org/docs/stable/compile/programming_model.recompilation.html"]
# workaround = "torch._dynamo.mark_dynamic on the axes that vary, or the default"
# see = ["torch/dynamic_true_compiles_once_for_all_shapes", "torch/compile_helps_on_cpu"]
# expect = [
#   { when = "torch>=2.13", outcome = ["slow"], seen = ["2.13.0"] },
# ]
# ///
import os

os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # compile in this process
os.environ["TORCHINDUCTOR_VEC_ISA_OK"] = "1"  # no trial compilation for the vector instructions

import json
import re

import numpy as np
import torch
import torch._inductor.config
from torch._inductor.utils import run_and_get_code

torch._inductor.config.cpp_cache_precompile_headers = False  # one kernel does not pay for it
torch.set_num_threads(1)
POINTS, SOURCES, WAVENUMBER = 8192, 50, 6.0


def field(points, sources):
    r = torch.linalg.vector_norm(points[:, None] - sources, dim=-1)
    phase = WAVENUMBER * r
    return (torch.cos(phase) / r).sum(1), (torch.sin(phase) / r).sum(1)


def allocations(code):
    """The shapes of the arrays that the generated code makes."""
    return re.findall(r"= empty_strided_cpu\(\((.*?)\)", "\n".join(code))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 4, (POINTS, 3)).astype(np.float32)
    sources = rng.uniform(5, 6, (SOURCES, 3)).astype(np.float32)
    args = torch.from_numpy(points), torch.from_numpy(sources)

    (real, imaginary), code = run_and_get_code(torch.compile(field, dynamic=True), *args)
    r = np.linalg.norm(points[:, None].astype(float) - sources, axis=-1)
    exact = (np.exp(1j * WAVENUMBER * r) / r).sum(1)
    # A relative rounding error of r (some 8 operations) is one of the phase k r, in radians.
    rounding = 8 * np.finfo(np.float32).eps * (WAVENUMBER * r.max() + SOURCES) * (1 / r).sum(1).max()
    assert np.abs(real.numpy() + 1j * imaginary.numpy() - exact).max() <= rounding

    observed, expected = len(allocations(code)), 2
    print(
        json.dumps(
            {
                "outcome": "slow" if observed > expected else "ok",
                "observed": observed,
                "expected": expected,
                "error": observed - expected,
                "tolerance": 0,
                "detail": "shapes of the arrays made: " + "; ".join(f"({shape})" for shape in allocations(code)),
            }
        )
    )
