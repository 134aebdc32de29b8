# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "A condensate stepped by psi - i dt H psi gains particles: explicit Euler grows the norm"
# component = "torch"
# summary = """
# A complex field of the Schroedinger or Gross-Pitaevskii equation is advanced by the step that reads off the page,
# psi - i dt H psi. The equation conserves the norm; this step multiplies it by sqrt(1 + (dt E)^2) at energy E, for
# every dt. Nothing fails, the field just grows: on a fine grid to infinity. In torch it is written as easily as the
# split step by FFT, which conserves the norm to rounding.
# """
# oracle = "a plane wave without interaction in closed form: its norm is constant, and Euler's is (1 + (dt E)^2)^(n/2)"
# workaround = "split-step Fourier: exp(-i dt V) and exp(-i dt k^2/2) in turn"
# expect = [
#   { when = "torch>=2.13", outcome = ["wrong-value"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

N, MODE, SPACING, DT, STEPS = 64, 16, 0.25, 0.01, 300


def laplacian(psi):
    return (torch.roll(psi, 1) + torch.roll(psi, -1) - 2 * psi) / SPACING**2  # periodic


def euler_step(psi):
    return psi - 1j * DT * (-laplacian(psi) / 2)


def split_step(psi, kinetic):
    return torch.fft.ifft(torch.exp(-1j * DT * kinetic) * torch.fft.fft(psi))


if __name__ == "__main__":
    x = torch.arange(N, dtype=torch.float64)
    start = torch.exp(2j * torch.pi * MODE * x / N) / N**0.5
    kinetic = (1 - torch.cos(2 * torch.pi * x / N)) / SPACING**2  # of -laplacian/2, mode by mode

    euler, split = start, start
    for _ in range(STEPS):
        euler, split = euler_step(euler), split_step(split, kinetic)
    observed, by_split_step = float(torch.linalg.vector_norm(euler)), float(torch.linalg.vector_norm(split))

    growth = (1 + (DT * float(kinetic[MODE])) ** 2) ** (STEPS / 2)
    error = abs(observed - 1.0)
    # Each step rounds some 20 times (two FFTs of 64 points, six stages each, and a product).
    tolerance = 20 * STEPS * float(np.finfo(np.float64).eps)
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": 1.0,
                "error": error,
                "tolerance": tolerance,
                "detail": f"norm after {STEPS} steps of {DT}; closed form of Euler's growth: {growth:.6f}; "
                f"the split step is off by {abs(by_split_step - 1):.0e}",
            }
        )
    )
