# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "Graph.cdf at a negative time returns memory that nobody wrote"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Graph.pdf refuses a negative time. Graph.cdf takes it and returns whatever lies before or behind its
# table: 0.999 after a positive time on the same graph, on a fresh one 0, numbers like 1e-310 or 1e+247, or
# NaN. A shifted or wrongly signed time thus passes, as a probability of any size.
# """
# oracle = "a distribution of waiting times has no mass below zero: exactly 0"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.cdf"
# workaround = "Graph.cdf(numpy.maximum(times, 0))"
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


def exponential():
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, 1.0)
    return graph


def negative(times):
    """Return the values below zero that a fresh graph gives; a refusal would be right, too."""
    try:
        return exponential().cdf(np.array(times))[np.less(times, 0)].tolist()
    except ValueError:
        return []


if __name__ == "__main__":
    values = [value for _ in range(100) for times in ([0.7, -1.0], [-1.0], [-1.0, -2.0]) for value in negative(times)]
    wrong = [value for value in values if value != 0]  # NaN is none of 0 either
    observed, expected = f"{len(wrong)} of {len(values)} values are not 0", "none"
    error, tolerance = len(wrong), 0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"some of them: {wrong[:6]}",
            }
        )
    )
