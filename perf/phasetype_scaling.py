"""What is measured once of ``sharpbits.phasetype``: ``python perf/phasetype_scaling.py [PART …]``.

Parts: ``large`` (block counting with n=40 and 50: time and memory), ``bandwidth`` (products against the memory's),
``strategies`` (two cores, and up to 10,000 components), ``phasic`` (what of the peer takes minutes: n=40). Each part is
run in a process of its own and replaces its entry in ``perf/phasetype_scaling.json``; perf/README.md quotes them.
Times are the least of several rounds; ``cpu_s`` is of all threads.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import phasetype_peers as peers
from phasetype_peers import TIMES
from sharpbits.phasetype import Graph, block_counting, record, record_hierarchically, two_island
from sharpbits.phasetype.density import pdf

_jax: Any = jax  # parts of it have no types
_jax.config.update("jax_enable_x64", True)

STORED = Path(__file__).with_suffix(".json")
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "phasic", "distributed")

Figures = dict[str, Any]


def timed(run: Callable[[], Any], rounds: int = 1) -> dict[str, float]:
    """Return the least seconds, of the clock and of the processors."""
    seconds, processors = [], []
    for _ in range(rounds):
        began = time.perf_counter(), time.process_time()
        run()
        seconds.append(time.perf_counter() - began[0])
        processors.append(time.process_time() - began[1])
    return {"s": min(seconds), "cpu_s": min(processors)}


def peak_mib() -> float:
    """Return the most that this process had in memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def densities(graph: Graph, theta: Any) -> Any:
    """Return them, computed."""
    return _jax.block_until_ready(pdf(graph, TIMES, theta))


def large(lineages: int) -> Figures:
    """Build, density, gradient and moments of a large model; in a process of its own, for its memory."""
    found: Figures = {"before_mib": peak_mib()}
    graph = block_counting(lineages)
    found |= {"states": graph.vertices, "edges": graph.edges, "graph_mib": graph.nbytes / 2**20}
    found["built_mib"] = peak_mib()
    found["build"] = timed(lambda: block_counting(lineages), 2)

    def likelihood(theta: Any) -> Any:
        return jnp.log(pdf(graph, TIMES, theta)).sum()

    theta = jnp.ones(1)
    density = functools.partial(densities, graph, theta)
    found["density_first"] = timed(density)
    found["density"] = timed(density, 2)
    found["density_mib"] = peak_mib()
    both = _jax.jit(_jax.value_and_grad(likelihood))
    gradient = lambda: _jax.block_until_ready(both(theta))  # noqa: E731
    found["gradient_first"] = timed(gradient)
    found["gradient"] = timed(gradient, 2)
    found["gradient_mib"] = peak_mib()
    found["record"] = timed(lambda: record(graph), 2)
    trace = record(graph)
    found["trace_mib"] = trace.nbytes / 2**20
    found["moments"] = timed(lambda: trace.moments(graph, [1.0], order=2), 2)
    found["peak_mib"] = peak_mib()
    # An independent value: the mean is 2 (1 - 1/n).
    mean = float(trace.moments(graph, [1.0], order=1)[0])
    found["error_of_the_mean"] = abs(mean / (2 * (1 - 1 / lineages)) - 1)
    return found


def larges() -> Figures:
    """Return the figures of n=40 and n=50, each from a process of its own."""
    return {str(n): json.loads(_run([f"large:{n}"])) for n in (40, 50)}


def triad(megabytes: int) -> float:
    """Return bytes a second of ``y += a x`` in BLAS on one thread: two reads and a write of so much memory in all."""
    from scipy.linalg.blas import daxpy
    from threadpoolctl import threadpool_limits

    count = megabytes * 2**20 // 16
    x, y = np.ones(count), np.ones(count)
    repeats = max(1, 512 // megabytes)

    def run() -> None:
        for _ in range(repeats):
            daxpy(x, y, a=1e-9)

    with threadpool_limits(1):
        return 24 * count * repeats / timed(run, 9)["cpu_s"]


def bandwidth() -> Figures:
    """Return how fast products are, as bytes that a CSR product moves over time, and how fast memory is.

    Ours computes a block of 32 steps (16 with AVX2) for a state before the next state, so it reads an edge once for the
    block: it may be above what memory gives for one product at a time.
    """
    found: Figures = {"triad_gb_s": {str(mb): triad(mb) / 1e9 for mb in (1, 64, 1024)}}
    models: dict[str, tuple[Graph, list[float]]] = {
        **{f"block-counting:{n}": (block_counting(n), [1.0]) for n in (20, 30, 40)},
        "two-island:40": (two_island(20, 20), [1.0, 1.0, 0.5, 0.5]),
    }
    for name, (graph, theta) in models.items():
        products = peers.Uniformization(graph)
        theirs = timed(functools.partial(products.pdf, TIMES, theta), 2)
        density = functools.partial(densities, graph, theta)
        density()
        ours = timed(density, 5)
        bytes_moved = products.bytes_a_product * products.steps
        found[name] = {
            "steps": products.steps,
            "bytes_a_product": products.bytes_a_product,
            "ours": ours,
            "scipy": theirs,
            "ours_gb_s": bytes_moved / ours["cpu_s"] / 1e9,
            "scipy_gb_s": bytes_moved / theirs["cpu_s"] / 1e9,
        }
    return found


#: Components of a size that takes some milliseconds to record, and how many.
HEAVY = {"count": 256, "size": 120}


def strategies() -> Figures:
    """Return what each strategy takes on two devices of one process, and the cost of 100 to 10,000 components."""
    found: Figures = {"two cores": json.loads(_run(["cores"], devices=2)), "components": {}}
    for count in (100, 1_000, 10_000):
        graph = peers.chain_of_components(count)
        figures = timed(functools.partial(record_hierarchically, graph), 2)
        found["components"][str(count)] = {**figures, "us_a_component": 1e6 * figures["cpu_s"] / count}
    return found


def cores() -> Figures:
    """Return times of the strategies; pmap has two devices here."""
    graph = peers.chain_of_components(**HEAVY)
    found: Figures = {}
    names = ("sequential", "vmap", "pmap")
    traces = {name: record_hierarchically(graph, strategy=name) for name in names}
    assert len(set(traces.values())) == 1
    rounds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(7):
        for name in names:
            rounds[name].append(timed(functools.partial(record_hierarchically, graph, strategy=name))["s"])
    for name in names:
        found[name] = {"s": min(rounds[name]), "efficiency": min(rounds["sequential"]) / min(rounds[name]) / 2}
    found["dask, with the start of two workers"] = timed(
        lambda: record_hierarchically(graph, strategy="dask", workers=2)
    )
    found["operations"] = traces["sequential"].operations
    return found


def phasic() -> Figures:
    """Return what the peer takes for n=40: building it and one density at 100 times; and its gradient's forwards."""
    os.environ["HOME"] = tempfile.mkdtemp(prefix="sharpbits-")  # it keeps caches there
    graph = block_counting(40)
    found: Figures = {
        "build as documented": timed(lambda: peers.phasic_explored(peers.phasic_blocks_as_documented, 40))
    }
    theirs: list[Any] = []
    found["build fastest"] = timed(lambda: theirs.append(peers.phasic_explored(peers.phasic_blocks, 40)))
    density: list[Any] = []
    found["density"] = timed(lambda: density.append(peers.phasic_pdf(theirs[0], TIMES, [1.0])))
    exact = peers.Uniformization(graph).pdf(TIMES, [1.0])
    found["largest_error"] = float(np.abs(density[0] - exact).max())
    return found


PARTS: dict[str, Callable[[], Figures]] = {
    "large": larges,
    "bandwidth": bandwidth,
    "strategies": strategies,
    "phasic": phasic,
}


def _run(arguments: list[str], devices: int = 1) -> str:
    flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"} if devices > 1 else {}
    command = [sys.executable, __file__, "--inner", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **flags}).stdout


def _inner(part: str) -> Figures:
    name, _, size = part.partition(":")
    if name == "large" and size:
        return large(int(size))
    return cores() if name == "cores" else PARTS[name]()


def main() -> None:
    """Measure parts, and store them beside the others."""
    from sharpbits.catalogue import describe_environment

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all but phasic")
    parser.add_argument("--inner", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        print(json.dumps(_inner(options.inner)))
        return
    stored: Figures = json.loads(STORED.read_text()) if STORED.exists() else {}
    here = asdict(describe_environment())
    machine = {fact: here[fact] for fact in ("cpu", "cores", "machine", "python")}
    machine["packages"] = {name: here["packages"].get(name) for name in PACKAGES}
    for part in options.parts or [name for name in PARTS if name != "phasic"]:
        before = os.getloadavg()[0]
        figures = json.loads(_run([part]))
        stored[part] = {"machine": machine, "load": [round(before, 1), round(os.getloadavg()[0], 1)], **figures}
        print(part, json.dumps(figures, indent=1), flush=True)
        STORED.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
