# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "From the wheel pmf_from_graph_parameterized fails: it compiles sources that are not there"
# component = "phasic"
# family = "pmf_from_graph_fails"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The JAX model of a function that builds a graph compiles C++ on the fly, with phasic's own C and C++
# sources. The released wheel does not contain them, so it raises, and asks for a checkout of the source
# tree.
# """
# oracle = "the exponential density in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "pmf_from_graph with graph.weight_callback set"
# see = ["phasic/pmf_from_graph_fails"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["error"], match = 'source tree on disk', seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import jax
import jax.numpy as jnp
import numpy as np
import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own

jax.config.update("jax_enable_x64", True)


def exponential(theta):
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, float(theta[0]))
    return graph


if __name__ == "__main__":
    model = phasic.Graph.pmf_from_graph_parameterized(exponential)  # RuntimeError
    observed = float(model(jnp.array([2.0]), jnp.array([0.5]))[0])
    expected = float(2 * np.exp(-1.0))
    error = abs(observed - expected)
    tolerance = 5e-3  # that the density is a time step of 1/1024 is another finding
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
