# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "A graph built from a callback that reads a global is that of its first value"
# component = "phasic"
# family = "graph_cache_ignores_closures"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A callback reads a rate from a global variable, as in a notebook. The graph cache's key is the callback's
# source text, so after the variable was changed phasic.Graph still returns the graph of its first value,
# in later processes too.
# """
# oracle = "the mean of an exponential distribution, one over its rate"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.explore"
# workaround = "Graph(..., graph_cache=False), or rates as keyword arguments"
# see = ["phasic/graph_cache_ignores_closures"]
# expect = [
#   { when = "phasic>=0.28.4,<0.28.6", outcome = ["ok"], seen = ["0.28.4"] },
#   { when = "phasic>=0.28.6", outcome = ["wrong-value"], seen = ["0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own

import json

import phasic

rate = None


def transitions(state):
    return [([0], rate)] if state[0] == 1 else []


if __name__ == "__main__":
    observed, expected = [], []
    for rate in (1.0, 2.0, 4.0):
        observed.append(phasic.Graph(transitions, ipv=[([1], 1.0)]).expectation())
        expected.append(1 / rate)
    error = max(abs(got - want) for got, want in zip(observed, expected))
    tolerance = 4 * 2.0**-52  # one division on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": "means of exponentials with the rates 1, 2 and 4, built one after the other",
            }
        )
    )
