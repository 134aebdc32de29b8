# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.cdist in float32 keeps three digits from 26 points on, and seven up to 25"
# component = "torch"
# summary = """
# Distances between points some units apart that lie 100 away from the origin. With more than 25 points on one side,
# torch.cdist silently computes |a|^2 + |b|^2 - 2 a.b by a matrix product: the difference cancels, distances
# are off by up to 0.7 %, and points lie up to 0.09 away from themselves. The first 25 of them alone are right to 3e-7.
# """
# oracle = "plain differences in NumPy float64 of the same float32 coordinates"
# upstream = ["https://github.com/pytorch/pytorch/issues/42479", "https://github.com/pytorch/pytorch/issues/57690"]
# workaround = 'compute_mode="donot_use_mm_for_euclid_dist"'
# see = ["torch/cdist_without_matrix_product"]
# expect = [
#   { when = "torch>=2.13", outcome = ["wrong-value"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch


def exact_distances(a, b):
    return np.linalg.norm(a[:, None].astype(np.float64) - b.astype(np.float64), axis=-1)


if __name__ == "__main__":
    points = np.random.default_rng(0).uniform(100, 104, (26, 3)).astype(np.float32)
    expected = exact_distances(points, points)
    observed = torch.cdist(torch.from_numpy(points), torch.from_numpy(points)).numpy()
    of_25 = torch.cdist(torch.from_numpy(points[:25]), torch.from_numpy(points[:25])).numpy()

    error = float(np.abs(observed - expected).max())
    # Nearby coordinates subtract exactly; squares, two additions and a root round a few times each.
    tolerance = 8 * float(np.finfo(np.float32).eps) * float(expected.max())
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed[0].tolist(),
                "expected": expected[0].tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"distance of a point to itself up to {observed.diagonal().max():.3f}; distances from "
                f"{expected[expected > 0].min():.2f} to {expected.max():.2f}; "
                f"the first 25 points alone: error {np.abs(of_25 - expected[:25, :25]).max():.0e}",
            }
        )
    )
