# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "A density takes a thousand times as long in a unit of time a thousand times shorter"
# component = "phasic"
# family = "density_is_stepped"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Graph.pdf takes at least 1024 steps for each unit of time, however slow the rates are. The coalescent of
# ten samples with the rates in generations (times in the thousands) takes a thousand times as long as with
# the rates in units of a thousand generations, for the same numbers.
# """
# oracle = "the same model in another unit of time: the least of three timings each, in one process"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.pdf"
# workaround = "scipy.linalg.expm of graph.as_matrices()"
# see = ["phasic/density_depends_on_the_unit_of_time"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["slow"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile
import time

import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


def coalescent(samples, unit):
    """Its rates and times are those of the standard one, with time counted in another unit."""
    graph = phasic.Graph(1)
    vertices = {k: graph.find_or_create_vertex([k]) for k in range(samples, 0, -1)}
    graph.starting_vertex().add_edge(vertices[samples], 1.0)
    for k in range(samples, 1, -1):
        vertices[k].add_edge(vertices[k - 1], k * (k - 1) / 2 / unit)
    return graph


def seconds(unit):
    taken = []
    for _ in range(3):
        graph = coalescent(10, unit)  # anew: a graph keeps the densities that it was asked for
        started = time.perf_counter()
        graph.pdf(2.0 * unit)
        taken.append(time.perf_counter() - started)
    return min(taken)


if __name__ == "__main__":
    seconds(1.0)
    short, long = seconds(1.0), seconds(1000.0)
    ratio = long / short
    tolerance = 20.0  # far above what a busy machine does to two timings, far below the ratio of the units
    print(
        json.dumps(
            {
                "outcome": "ok" if ratio <= tolerance else "slow",
                "observed": round(ratio, 1),
                "expected": 1.0,
                "error": round(ratio, 1),
                "tolerance": tolerance,
                "detail": f"{short * 1e3:.2f} ms and {long * 1e3:.1f} ms for one density",
            }
        )
    )
