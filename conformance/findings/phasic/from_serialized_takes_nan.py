# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "from_serialized takes NaN for a weight: densities of NaN"
# component = "phasic"
# family = "from_serialized_takes_anything"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A serialised graph with a weight that is not a number is read without a complaint, though its
# documentation promises a ValueError for malformed arrays. The density is NaN; the mean, later, an error
# that speaks of a numerical catastrophe.
# """
# oracle = "what the documentation of from_serialized promises: a ValueError for malformed arrays"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.Graph.from_serialized"
# workaround = "check that all arrays are finite: numpy.isfinite(...).all()"
# see = ["phasic/from_serialized_takes_anything"]
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


def document():
    """A chain of two states, left at the rates 1 and 2."""
    graph = phasic.Graph(1)
    first, second = graph.find_or_create_vertex([2]), graph.find_or_create_vertex([1])
    graph.starting_vertex().add_edge(first, 1.0)
    first.add_edge(second, [1.0])
    second.add_edge(graph.find_or_create_vertex([0]), [2.0])
    return graph.serialize()


def answer(data):
    try:
        graph = phasic.Graph.from_serialized(data)
    except (ValueError, RuntimeError) as error:
        return type(error).__name__
    graph.update_weights([1.0])
    return float(graph.pdf(1.0))


if __name__ == "__main__":
    data = document()
    data["param_edges"][0, 2] = np.nan
    observed, expected = answer(data), "ValueError or RuntimeError"
    error, tolerance = int(not str(observed).endswith("Error")), 0
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
