# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "jax.grad of the density by the time is silently zero"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The derivative rule of Graph.pmf_from_graph returns nothing for the times, which JAX reads as zero.
# Whoever differentiates by a time, a change point or a shift of the data gets 0 and no error.
# """
# oracle = "the derivative of the matrix exponential by the time in closed form, by scipy.linalg.expm"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "jax.scipy.linalg.expm of a rate matrix of your own"
# see = ["phasic/gradient_is_a_difference_quotient"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-gradient"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
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


def density_model(samples):
    """As the released wheel gives it: with a callback for the weights, since it has no XLA handlers."""
    graph = coalescent(samples)
    graph.weight_callback = lambda theta, coefficients: float(np.dot(theta, coefficients))
    return phasic.Graph.pmf_from_graph(graph)


def matrices(samples):
    rates = np.array([k * (k - 1) / 2 for k in range(samples, 1, -1)])
    return np.diag(-rates) + np.diag(rates[:-1], 1), rates * (np.arange(samples - 1) == samples - 2)


if __name__ == "__main__":
    samples, times = 5, np.array([0.3, 0.5, 2.0])
    model, (rates, exits) = density_model(samples), matrices(samples)
    slopes = jax.grad(lambda moments: model(jnp.array([1.0]), moments).sum())(jnp.array(times))
    observed = np.asarray(slopes)
    expected = np.array([scipy.linalg.expm(rates * time)[0] @ rates @ exits for time in times])
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 0.05  # a difference quotient of a stepped density would do
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"at the times {times.tolist()}",
            }
        )
    )
