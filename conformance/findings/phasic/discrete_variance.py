# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "The variance of a discrete distribution is off by a factor of two or more: 24 for 12"
# component = "phasic"
# family = "discrete_variance"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The number of steps until a chance of 1/4 comes true has the variance 12; Graph.variance says 24. With
# two such states it says 44 for 14. Probabilities and the mean are right. A graph from discretize() is
# wrong likewise where no rewards are given.
# """
# oracle = "the geometric distribution, and sums of two, in closed form: (1 - p) / p^2 each"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.moments"
# workaround = "T = I + graph.as_matrices().sim, and factorial moments by NumPy"
# see = ["phasic/discrete_covariance"]
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


def chain(chances):
    """States one after the other, each left with its chance at every step."""
    graph = phasic.Graph(1)
    vertices = [graph.find_or_create_vertex([len(chances) - number]) for number in range(len(chances) + 1)]
    graph.starting_vertex().add_edge(vertices[0], 1.0)
    for vertex, following, chance in zip(vertices, vertices[1:], chances):
        vertex.add_edge(following, chance)
    graph.is_discrete = True
    return graph


if __name__ == "__main__":
    models = [[0.25], [0.5], [0.25, 0.5]]
    observed = [chain(chances).variance() for chances in models]
    expected = [sum((1 - chance) / chance**2 for chance in chances) for chances in models]
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
                "detail": f"chances of the states: {models}",
            }
        )
    )
