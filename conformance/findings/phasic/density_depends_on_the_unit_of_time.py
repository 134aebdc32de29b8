# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "Another unit of time, another density: an exponential is off by 36 % at its own mean"
# component = "phasic"
# family = "density_is_stepped"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The time step of Graph.pdf is 1/1024 in whatever unit the rates are given, or half of the fastest mean
# waiting time where that is shorter. An exponential of rate 1 is right to 1e-3 at its mean; the same one
# written in a unit a thousand times longer, with the rate 1000, has the densities 1, 1, 0.5, 0.5, 0.25 …
# for 0.90, 0.67, 0.61, 0.41, 0.37 (in its own unit). Nothing warns.
# """
# oracle = "the exponential density, which a change of unit scales and no more"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "scipy.linalg.expm of graph.as_matrices()"
# see = ["phasic/cost_depends_on_the_unit_of_time"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import numpy as np
import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


def exponential(rate):
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, rate)
    return graph


if __name__ == "__main__":
    times = np.array([0.1, 0.4, 0.5, 0.9, 1.0, 2.0])  # in means
    observed = {unit: [exponential(unit).pdf(time / unit) / unit for time in times] for unit in (1.0, 1000.0)}
    expected = np.exp(-times)
    error = max(float(np.max(np.abs(np.divide(densities, expected) - 1))) for densities in observed.values())
    tolerance = 1e-10  # one exponential function on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": list(observed.values()),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": "relative error; the rate is 1, then 1000, the densities are given in the mean's unit",
            }
        )
    )
