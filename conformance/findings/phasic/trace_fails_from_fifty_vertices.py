# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "compute_trace with its default settings fails from 50 vertices on"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# From 50 vertices on compute_trace splits the graph and reads the traces of the parts from a disk cache,
# into which nothing was written: that cache is off by default. It raises "Missing SCC trace". With 49
# vertices the same model is recorded and right.
# """
# oracle = "the mean of the coalescent, 2 (1 - 1/n), in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.record_hierarchically"
# workaround = "compute_trace(min_size=10**9), or hierarchical=False"
# see = ["phasic/trace_takes_any_strategy"]
# expect = [
#   { when = "phasic>=0.28.4,<0.28.6", outcome = ["ok"], seen = ["0.28.4"] },
#   { when = "phasic>=0.28.6", outcome = ["error"], match = 'Missing SCC trace for hash', seen = ["0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own

import json
import warnings

import numpy as np
import phasic
from phasic.trace_elimination import instantiate_from_trace

warnings.simplefilter("ignore")  # compute_trace is deprecated, and says so


def coalescent(samples):
    """The time until a sample of genes has one ancestor: k lineages merge at the rate k (k - 1) / 2."""
    graph = phasic.Graph(1)
    vertices = {k: graph.find_or_create_vertex([k]) for k in range(samples, 0, -1)}
    graph.starting_vertex().add_edge(vertices[samples], 1.0)
    for k in range(samples, 1, -1):
        vertices[k].add_edge(vertices[k - 1], [k * (k - 1) / 2])
    return graph


if __name__ == "__main__":
    sizes = [48, 49]  # of 49 and of 50 vertices
    observed = [instantiate_from_trace(coalescent(n).compute_trace(), np.array([1.0])).expectation() for n in sizes]
    expected = [2 * (1 - 1 / n) for n in sizes]
    error = max(abs(got - want) for got, want in zip(observed, expected))
    tolerance = 1e-12  # some thousand operations of relative error 2**-53 each, on positive numbers
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
