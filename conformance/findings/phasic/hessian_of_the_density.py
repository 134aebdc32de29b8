# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "jax.hessian of the density raises: standard errors cannot be had from it"
# component = "phasic"
# family = "hessian_of_the_density"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The model that Graph.pmf_from_graph returns is a foreign call with a reverse rule. JAX differentiates it
# once and no more: jax.hessian, the usual way to standard errors and to the Laplace approximation, raises,
# and so does jacrev of jacrev. The refusal is loud.
# """
# oracle = "finite differences of the log-density by scipy.linalg.expm"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "jax.scipy.linalg.expm of a rate matrix of your own"
# see = ["phasic/gradient_is_a_difference_quotient"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["error"], match = 'Pure callbacks do not support JVP', seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
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
    samples, time = 5, 1.0
    model, (rates, exits) = density_model(samples), matrices(samples)

    def log_density(theta):
        return jnp.log(model(theta, jnp.array([time]))[0])

    def reference(theta):
        return np.log(theta * scipy.linalg.expm(theta * rates * time)[0] @ exits)

    observed = float(jax.hessian(log_density)(jnp.array([1.0]))[0, 0])
    step = 1e-3
    expected = float((reference(1 + step) - 2 * reference(1.0) + reference(1 - step)) / step**2)
    error = abs(observed - expected)
    tolerance = 0.05  # far beyond what the differences cost, and the density's own time step
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
