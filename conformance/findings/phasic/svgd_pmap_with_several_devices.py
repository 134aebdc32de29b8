# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = 'svgd(parallel="pmap") with several devices raises: its sharding does not fit JAX'
# component = "phasic"
# without_dependencies = ["phasic>=0.28.6"]
# summary = """
# With four devices svgd(parallel="pmap"), which is also what it takes by itself where there is more than
# one, raises a ValueError about shardings on jax 0.10.1 and 0.10.2. So Graph.svgd with default settings
# fails where JAX has several devices.
# """
# oracle = "the posterior mean of an exponential's rate, near one over the mean of the data"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.inference.svgd"
# workaround = "svgd(..., parallel='vmap')"
# see = ["phasic/svgd_pmap_with_one_device"]
# timeout_s = 300.0
# expect = [
#   { when = "phasic>=0.28.6", outcome = ["error"], match = 'Sharding passed to jit does not match', seen = ["0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import os
import tempfile

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps its caches in ~/.phasic_cache: not the user's own
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

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
    data = np.random.default_rng(0).exponential(0.5, 100)
    fitted = exponential().svgd(data, n_iterations=50, n_particles=8, seed=1, progress=False)  # ValueError
    observed = float(fitted.get_results()["theta_mean"][0])
    expected = float(1 / data.mean())
    error = abs(observed - expected)
    tolerance = 1.2  # six standard deviations of the posterior, which the particles only come near to
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"parallel: {fitted.parallel_mode}",
            }
        )
    )
