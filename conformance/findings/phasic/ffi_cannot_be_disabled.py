# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "What the error of a wheel without XLA handlers advises is refused: configure(ffi=False)"
# component = "phasic"
# family = "pmf_from_graph_fails"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The error of Graph.pmf_from_graph ends with "Or disable FFI (slower, single-core only):
# phasic.configure(ffi=False, openmp=False)". phasic.configure knows no option of that name and raises.
# """
# oracle = "the matrix exponential, by scipy.linalg.expm"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "graph.weight_callback = lambda theta, c: float(np.dot(theta, c))"
# see = ["phasic/pmf_from_graph_fails"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["error"], match = 'Unknown configuration option: ffi', seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
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
import scipy.linalg

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own

jax.config.update("jax_enable_x64", True)


def coalescent(samples):
    """The time until a sample of genes has one ancestor: k lineages merge at the rate k (k - 1) / 2."""
    graph = phasic.Graph(1)
    vertices = {k: graph.find_or_create_vertex([k]) for k in range(samples, 0, -1)}
    graph.starting_vertex().add_edge(vertices[samples], 1.0)
    for k in range(samples, 1, -1):
        vertices[k].add_edge(vertices[k - 1], [k * (k - 1) / 2])
    return graph


def matrices(samples):
    rates = np.array([k * (k - 1) / 2 for k in range(samples, 1, -1)])
    return np.diag(-rates) + np.diag(rates[:-1], 1), rates * (np.arange(samples - 1) == samples - 2)


if __name__ == "__main__":
    phasic.configure(ffi=False, openmp=False)  # PTDConfigError
    samples, time = 5, 1.0
    model = phasic.Graph.pmf_from_graph(coalescent(samples))
    observed = float(model(jnp.array([1.0]), jnp.array([time]))[0])
    rates, exits = matrices(samples)
    expected = float(scipy.linalg.expm(rates * time)[0] @ exits)
    error = abs(observed - expected)
    tolerance = 5e-3  # that it is a time step of 1/1024 is another finding
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
