# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "numpy"]
#
# [tool.sharpbits]
# title = "torch.cdist without the matrix product is exact to rounding, for any number of points"
# component = "torch"
# summary = """
# With compute_mode="donot_use_mm_for_euclid_dist" torch.cdist subtracts before it squares, whatever the number of
# points: distances between points far from the origin are right to float32 rounding, and those to themselves zero.
# """
# oracle = "plain differences in NumPy float64 of the same float32 coordinates"
# upstream = ["https://github.com/pytorch/pytorch/issues/42479"]
# see = ["torch/cdist_loses_accuracy"]
# expect = [
#   { when = "torch>=2.13", outcome = ["ok"], seen = ["2.13.0"] },
# ]
# ///
import json

import numpy as np
import torch

if __name__ == "__main__":
    points = np.random.default_rng(0).uniform(100, 104, (200, 3)).astype(np.float32)
    expected = np.linalg.norm(points[:, None].astype(np.float64) - points.astype(np.float64), axis=-1)
    tensor = torch.from_numpy(points)
    observed = torch.cdist(tensor, tensor, compute_mode="donot_use_mm_for_euclid_dist").numpy()

    error = float(np.abs(observed - expected).max())
    # Nearby coordinates subtract exactly; squares, two additions and a root round a few times each.
    tolerance = 8 * float(np.finfo(np.float32).eps) * float(expected.max())
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed[0, :8].tolist(),
                "expected": expected[0, :8].tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
