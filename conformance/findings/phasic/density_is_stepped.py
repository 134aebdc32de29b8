# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "Graph.pdf is a first-order time step: off by half at small times, by 1e-3 everywhere"
# component = "phasic"
# family = "density_is_stepped"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Graph.pdf says that it computes "the exact phase-type PDF/PMF, not an approximation". It steps the jump
# chain floor(1024 t) - 1 times with a step of 1/1024, or of 1/(2 max_rate) where that is shorter: an Euler
# step, constant between two grid points. For the coalescent of five samples the density is off by 52 % at
# t = 0.01, 5 % at 0.1 and 1e-3 at 1, so a likelihood of short times is wrong. The moments are right.
# """
# oracle = "the matrix exponential of the rate matrix, by scipy.linalg.expm"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "scipy.linalg.expm of graph.as_matrices()"
# see = ["phasic/density_is_zero_at_small_times"]
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
import scipy.linalg

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


def coalescent(samples):
    """The time until a sample of genes has one ancestor: k lineages merge at the rate k (k - 1) / 2."""
    graph = phasic.Graph(1)
    vertices = {k: graph.find_or_create_vertex([k]) for k in range(samples, 0, -1)}
    graph.starting_vertex().add_edge(vertices[samples], 1.0)
    for k in range(samples, 1, -1):
        vertices[k].add_edge(vertices[k - 1], k * (k - 1) / 2)
    return graph


def matrices(samples):
    rates = np.array([k * (k - 1) / 2 for k in range(samples, 1, -1)])
    return np.diag(-rates) + np.diag(rates[:-1], 1), rates * (np.arange(samples - 1) == samples - 2)


if __name__ == "__main__":
    samples, times = 5, [0.01, 0.1, 1.0]
    graph, (rates, exits) = coalescent(samples), matrices(samples)
    observed = np.array([graph.pdf(time) for time in times])
    expected = np.array([scipy.linalg.expm(rates * time)[0] @ exits for time in times])
    error = float(np.max(np.abs(observed / expected - 1)))
    tolerance = 1e-10  # what double precision leaves of a sum of some dozen powers, with room to spare
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"relative error, at the times {times}",
            }
        )
    )
