# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "The trace of a cycle of three states gives a wrong mean: 4 for 5, without a word"
# component = "phasic"
# family = "trace_of_a_cycle_is_wrong"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Three states lead into one another in a ring, and the last also to the end. compute_trace records the
# elimination, and the graph instantiated from it has the mean 4, where 5 is right: a visit to each state
# that an earlier one closes into a loop is lost. Cycles of two states are refused loudly; of three and
# more, some are taken and are wrong.
# """
# oracle = "the expected number of rounds times the time of one, in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.record"
# workaround = "graph.expectation() and moments(), which take no trace"
# see = ["phasic/trace_of_two_states_in_a_cycle"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own

import itertools
import json
import warnings

import numpy as np
import phasic
from phasic.trace_elimination import instantiate_from_trace

warnings.simplefilter("ignore")  # compute_trace is deprecated, and says so


def ring(length):
    """Every state is left at the rate 1 for the next; the last at the rate 1 each for the first and for the end."""
    graph = phasic.Graph(1)
    vertices = [graph.find_or_create_vertex([number + 1]) for number in range(length)]
    graph.starting_vertex().add_edge(vertices[0], 1.0)
    for vertex, following in itertools.pairwise(vertices):
        vertex.add_edge(following, [1.0])
    vertices[-1].add_edge(vertices[0], [1.0])
    vertices[-1].add_edge(graph.find_or_create_vertex([0]), [1.0])
    return graph


if __name__ == "__main__":
    lengths = [3, 4, 5]
    observed = [instantiate_from_trace(ring(n).compute_trace(), np.array([1.0])).expectation() for n in lengths]
    # Two rounds on average; each is n - 1 states for a time of 1, and the last for 1/2.
    expected = [2 * (n - 1) + 1.0 for n in lengths]
    error = max(abs(got - want) for got, want in zip(observed, expected))
    tolerance = 1e-12  # a dozen operations on numbers of the size of ten
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"means of the time in rings of {lengths} states",
            }
        )
    )
