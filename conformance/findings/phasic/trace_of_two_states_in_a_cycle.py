# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "No trace of two states that lead to each other: compute_trace raises"
# component = "phasic"
# family = "trace_of_a_cycle_is_wrong"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Two states lead to each other, as in any model with migration or repair. compute_trace raises: the
# correction for the loop is not implemented. It advises cache_trace=False, which is accepted no more. The
# refusal is loud; longer cycles are taken and are wrong.
# """
# oracle = "the expected number of rounds times the time of one, in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.record"
# workaround = "graph.expectation() and moments(), which take no trace"
# see = ["phasic/trace_of_a_cycle_is_wrong"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["error"], match = 'cannot handle the cycle', seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
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


def back_and_forth():
    """At the rate 1 to the other state; from there at the rate 1 back, and at the rate 1 to the end."""
    graph = phasic.Graph(1)
    here, there = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([2])
    graph.starting_vertex().add_edge(here, 1.0)
    here.add_edge(there, [1.0])
    there.add_edge(here, [1.0])
    there.add_edge(graph.find_or_create_vertex([0]), [1.0])
    return graph


if __name__ == "__main__":
    trace = back_and_forth().compute_trace()  # RuntimeError
    observed = instantiate_from_trace(trace, np.array([1.0])).expectation()
    expected = 2 * (1 + 0.5)  # two rounds on average
    error = abs(observed - expected)
    tolerance = 1e-12  # a dozen operations on numbers of the size of one
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
