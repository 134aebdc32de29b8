# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "The density of a path of k steps is zero up to t = k/1024, its logarithm minus infinity"
# component = "phasic"
# family = "density_is_stepped"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A path of k transitions takes at least k of the time steps in which Graph.pdf counts. Before that the
# density is exactly zero: for the coalescent of ten samples up to t = 9/1024. One observed time below it
# makes the log-likelihood of the whole data set minus infinity, whatever the parameters.
# """
# oracle = "the power series of the matrix exponential in exact rational arithmetic"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "scipy.linalg.expm of graph.as_matrices()"
# see = ["phasic/density_is_stepped"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile
from fractions import Fraction

import numpy as np
import phasic

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


def exact_density(samples, time, terms=40):
    """Sum alpha S^j s t^j / j!; the terms fall off like (45 t)^j / j!."""
    rates = [Fraction(k * (k - 1), 2) for k in range(samples, 1, -1)]
    vector, factor, total = [Fraction(1)] + [Fraction(0)] * (samples - 2), Fraction(1), Fraction(0)
    for power in range(terms):
        total += vector[-1] * rates[-1] * factor
        moved = [vector[state - 1] * rates[state - 1] if state else 0 for state in range(samples - 1)]
        vector = [inflow - left * rate for inflow, left, rate in zip(moved, vector, rates)]
        factor *= time / (power + 1)
    return float(total)


if __name__ == "__main__":
    samples, times = 10, [Fraction(1, 1000), Fraction(1, 200), Fraction(1, 120)]
    graph = coalescent(samples)
    observed = np.array([graph.pdf(float(time)) for time in times])
    expected = np.array([exact_density(samples, time) for time in times])
    error = float(np.max(np.abs(observed / expected - 1)))
    tolerance = 1e-8  # relative; a density computed in double precision loses a few digits this far out
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": "relative error, at the times 1/1000, 1/200 and 1/120",
            }
        )
    )
