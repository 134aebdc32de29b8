# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "The covariance of a discrete reward with itself is negative: -2 for 14"
# component = "phasic"
# family = "discrete_variance"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Graph.covariance of the number of steps with itself is that number's variance. For a discrete graph of
# two states it is -2 where 14 is right: no covariance matrix at all.
# """
# oracle = "the variance of a sum of two geometric variables, in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.covariance"
# workaround = "T = I + graph.as_matrices().sim, and factorial moments by NumPy"
# see = ["phasic/discrete_variance"]
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
    chances = [0.25, 0.5]
    every_step = [0.0, 1.0, 1.0, 0.0]  # a reward of one in each of the two states, none at the start and the end
    observed = chain(chances).covariance(every_step, every_step)
    expected = sum((1 - chance) / chance**2 for chance in chances)
    error = abs(observed - expected)
    tolerance = 1e-12  # a dozen operations on numbers of the size of ten
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"the mean with these rewards, which is right: {chain(chances).expectation(every_step)}",
            }
        )
    )
