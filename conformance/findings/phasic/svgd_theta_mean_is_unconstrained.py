# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = 'svgd.theta_mean, "posterior mean estimate", is that of the log-like inner scale'
# component = "phasic"
# without_dependencies = ["phasic>=0.28.6"]
# summary = """
# With positive parameters, which is the default, svgd works with the inverse of softplus of theta. The
# attributes theta_mean, theta_std and particles, documented as the posterior's, are on that inner scale;
# the examples print theta_mean. For a small rate the "posterior mean" is negative, though all particles
# are positive. get_results() transforms back.
# """
# oracle = "the posterior mean of an exponential's rate from many data, near one over their mean; and its sign"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.inference.svgd"
# workaround = "svgd.get_results()['theta_mean']"
# timeout_s = 300.0
# expect = [
#   { when = "phasic>=0.28.6", outcome = ["wrong-value"], seen = ["0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=1"

import json
import warnings

import numpy as np
import phasic


def exponential():
    """An exponential of rate theta."""
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, [1.0])
    return graph


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    data = np.random.default_rng(0).exponential(5.0, 100)  # of rate 0.2
    fitted = exponential().svgd(data, n_iterations=50, n_particles=8, seed=1, progress=False)
    observed = float(fitted.theta_mean[0])
    expected = float(1 / data.mean())
    error = abs(observed - expected)
    tolerance = 0.12  # six standard deviations of the posterior, which the particles only come near to
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"get_results() says {float(fitted.get_results()['theta_mean'][0]):.3f}",
            }
        )
    )
