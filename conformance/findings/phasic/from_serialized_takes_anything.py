# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "from_serialized takes a starting weight of 3: a distribution function that ends at 3"
# component = "phasic"
# family = "from_serialized_takes_anything"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A serialised graph whose one starting edge has the probability 3, as a damaged or hand-made file may
# have, is read without a complaint. Densities and the distribution function are three times too large, and
# the mean is that of the sound graph, so nothing shows it. NaN, fractional vertex numbers and edges that
# stand twice pass likewise.
# """
# oracle = "what the documentation of from_serialized promises: a ValueError for malformed arrays"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.Graph.from_serialized"
# workaround = "check that the starting weights sum to 1"
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

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
    return {"cdf(40)": float(graph.cdf(40.0)), "mean": graph.expectation()}


if __name__ == "__main__":
    data = document()
    data["start_edges"][0, 1] = 3.0
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
