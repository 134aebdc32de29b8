# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = 'compute_trace(parallel="bogus") is accepted: below 50 vertices nobody looks at it'
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# compute_trace documents the strategies auto, vmap, pmap and sequential. Below 50 vertices, and where a
# trace is found in the cache, the word is not looked at: "bogus" records a trace, and so does "pmap",
# which above that size is refused as not supported. A script that was tried on a small model fails on the
# large one.
# """
# oracle = "the list of strategies in the documentation of compute_trace: another one must raise"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.record_hierarchically"
# workaround = "none: check the word yourself"
# see = ["phasic/trace_fails_from_fifty_vertices"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["silent-fallback"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own

import json
import warnings

import phasic

warnings.simplefilter("ignore")  # compute_trace is deprecated, and says so


def coalescent(samples):
    """The time until a sample of genes has one ancestor: k lineages merge at the rate k (k - 1) / 2."""
    graph = phasic.Graph(1)
    vertices = {k: graph.find_or_create_vertex([k]) for k in range(samples, 0, -1)}
    graph.starting_vertex().add_edge(vertices[samples], 1.0)
    for k in range(samples, 1, -1):
        vertices[k].add_edge(vertices[k - 1], [k * (k - 1) / 2])
    return graph


def answer(samples, strategy):
    try:
        coalescent(samples).compute_trace(parallel=strategy)
    except ValueError:
        return "ValueError"
    return "a trace"


if __name__ == "__main__":
    asked = [(10, "bogus"), (10, "pmap"), (60, "bogus"), (60, "pmap")]
    observed = [answer(*one) for one in asked]
    expected = ["ValueError", observed[3], "ValueError", observed[3]]  # pmap: the same at any size
    error, tolerance = sum(got != want for got, want in zip(observed, expected)), 0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "silent-fallback",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"samples and strategies: {asked}",
            }
        )
    )
