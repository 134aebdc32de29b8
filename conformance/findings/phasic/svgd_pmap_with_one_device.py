# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = 'svgd(parallel="pmap") with one device runs vmap, and warns of it once a process'
# component = "phasic"
# without_dependencies = ["phasic>=0.28.6"]
# summary = """
# On one device svgd(parallel="pmap") runs vmap instead of what was asked for. A UserWarning says so at the
# first call; Python shows a warning once for each place in the source, which is inside phasic, so every
# later fit of the process says nothing.
# """
# oracle = "the word that was asked for, or an error"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.inference.svgd"
# workaround = "look at svgd.parallel_mode after the call"
# see = ["phasic/svgd_pmap_with_several_devices"]
# timeout_s = 300.0
# expect = [
#   { when = "phasic>=0.28.6", outcome = ["silent-fallback"], seen = ["0.28.6", "0.32.0", "0.32.1"] },
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
    shown = []
    warnings.showwarning = lambda message, *rest: shown.append(str(message))
    data = np.random.default_rng(0).exponential(0.5, 50)
    observed = []
    for _ in range(2):
        before = len(shown)
        fitted = exponential().svgd(data, n_iterations=2, n_particles=4, seed=1, progress=False, parallel="pmap")
        warned = any("pmap" in message for message in shown[before:])
        observed.append(f"{fitted.parallel_mode}{', with a warning' if warned else ''}")
    expected = ["pmap, or an error"] * 2
    silent = sum(mode not in ("pmap", "vmap, with a warning") for mode in observed)
    error, tolerance = silent, 0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "silent-fallback",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": "two fits of one process",
            }
        )
    )
