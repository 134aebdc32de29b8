# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "Graph.moments(k, discrete=True) raises: the method that it calls does not exist"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# moments documents discrete=True for "discrete-time moments (DPH distribution)". It raises AttributeError:
# the compiled class has no moments_discrete. Without the option it returns, for a discrete graph, the
# moments of the continuous one: 32 for 28.
# """
# oracle = "the second moment of the geometric distribution, (2 - p) / p^2"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.moments"
# workaround = "T = I + graph.as_matrices().sim, and factorial moments by NumPy"
# see = ["phasic/discrete_variance"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["error"], match = 'moments_discrete', seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


if __name__ == "__main__":
    chance = 0.25
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, chance)
    graph.is_discrete = True
    observed = list(graph.moments(2, discrete=True))  # AttributeError
    expected = [1 / chance, (2 - chance) / chance**2]
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
            }
        )
    )
