# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "jax.grad of the density is a difference quotient of time steps: off by 10 % at small times"
# component = "phasic"
# family = "gradient_is_a_difference_quotient"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# The model that Graph.pmf_from_graph returns "supports JIT, grad, vmap": its derivative is a central
# difference with the step 1e-7 of a density that is itself a first-order time step. For the coalescent of
# five samples the gradient is off by 10 % at t = 0.05 and by 2e-3 at t = 1.
# """
# oracle = "the derivative of the matrix exponential in closed form, by scipy.linalg.expm"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "jax.scipy.linalg.expm of a rate matrix of your own"
# see = ["phasic/gradient_is_noise_for_fast_rates", "phasic/density_is_stepped"]
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


def slope(samples, time):
    """With f(t) the density for theta = 1 that for theta is theta f(theta t); its derivative at theta = 1."""
    rates, exits = matrices(samples)
    occupied = scipy.linalg.expm(rates * time)[0]
    return float(occupied @ exits + time * (occupied @ rates @ exits))


if __name__ == "__main__":
    samples, times = 5, [0.05, 0.5, 1.0]
    model = density_model(samples)
    slopes = jax.jacrev(lambda theta: model(theta, jnp.array(times)))(jnp.array([1.0]))
    observed, expected = np.asarray(slopes).ravel(), np.array([slope(samples, time) for time in times])
    error = float(np.max(np.abs(observed / expected - 1)))
    tolerance = 1e-6  # relative: what a central difference of an exact density in double precision could give
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"relative error, at the times {times}",
            }
        )
    )
