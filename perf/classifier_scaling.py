"""How time and memory of one batch gradient grow with wires, rows and layers: ``python perf/classifier_scaling.py``.

Writes ``perf/classifier_scaling.json`` and ``.svg``; perf/README.md quotes them. Contestants of a size take turns in
one process, as in the gates; the figures are medians of all rounds and the fastest of them. ``--peers`` adds mode
``native``, Catalyst's vmapped ``qjit`` and PennyLane's default.qubit, whose compilation takes minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax

import classifier_steps as steps
from classifier_steps import Size, Step
from sharpbits.catalogue import describe_environment
from sharpbits.gate.instruments import peak_memory

_jax: Any = jax  # parts of it have no types

BASE = Size(dtype="float32")
SWEEPS: dict[str, tuple[int, ...]] = {
    "wires": (2, 4, 6, 8, 10, 12, 14, 16, 18, 20),
    "rows": (1, 4, 16, 64, 256, 1024, 4096),
    "layers": (1, 2, 3, 4, 6, 8, 12),
}
#: Beyond these a step of the peers takes seconds.
MOST_PEER_ROWS, MOST_PEER_AMPLITUDES = 64, 2**16
PACKAGES = ("jax", "jaxlib", "numpy", "pennylane", "pennylane-catalyst", "pennylane-lightning")
GRID = [Size(n, rows) for n in (4, 8, 12) for rows in (1, 16, 64, 1024)]


def flops(size: Size) -> float:
    """Count the arithmetic of the usual adjoint sweep, in real operations: what the kernel would do without merging.

    A 2x2 matrix on a wire costs 14 operations an amplitude. Each gate is applied forward once and backward to bra and
    ket, and its derivatives take the four complex sums of a reduced transition matrix, 16 an amplitude.
    """
    gates = size.wires * size.layers
    return size.rows * 2.0**size.wires * gates * (3 * 14 + 16)


def merged_flops(size: Size) -> float:
    """Count the arithmetic that the kernel does (impl/native/classifier/circuit.hpp); a multiply-add counts as two."""
    rotations, last = 4 * size.wires, size.layers > 1
    first_layer = 6 + 16 + 4
    last_layer = (2 * rotations + 2 * size.wires + 12 + 7) if last else 0
    middle_layers = max(0, size.layers - 2) * (3 * rotations + 4 * size.wires + 18 + 7)
    return size.rows * 2.0**size.wires * (first_layer + last_layer + middle_layers)


def measure(contestants: dict[str, Callable[[], Step]], seconds: float) -> dict[str, dict[str, float]]:
    """Let contestants take turns; return compile time, median, fastest and peak memory of each."""
    found: dict[str, dict[str, float]] = {}
    running: dict[str, Step] = {}
    for name, build in contestants.items():
        started = time.perf_counter()
        running[name] = build()
        _jax.block_until_ready(running[name]())
        found[name] = {"compile_s": time.perf_counter() - started}
    times: dict[str, list[float]] = {name: [] for name in running}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline or min(map(len, times.values())) < 5:
        for name, run in running.items():
            started = time.perf_counter()
            _jax.block_until_ready(run())
            times[name].append(time.perf_counter() - started)
    for name, run in running.items():
        memory = peak_memory(run).get("host", 0)
        found[name] |= {"median_s": statistics.median(times[name]), "least_s": min(times[name]), "memory": memory}
    return found


def ours(size: Size) -> dict[str, Callable[[], Step]]:
    """Return the fused step in both precisions."""
    return {dtype: partial(steps.fused, replace(size, dtype=dtype)) for dtype in ("float32", "float64")}


def sweep(seconds: float) -> list[dict[str, Any]]:
    """Vary one of wires, rows and layers at a time."""
    found: list[dict[str, Any]] = []
    for axis, values in SWEEPS.items():
        for value in values:
            changed: dict[str, Any] = {axis: value}
            size = replace(BASE, **changed)
            if size.wires >= 14:
                size = replace(size, rows=8)
            work = {"flops": flops(size), "merged_flops": merged_flops(size)}
            found.append({"axis": axis, "size": asdict(size), **work, "fused": measure(ours(size), seconds)})
            print(axis, value, found[-1]["fused"]["float32"]["least_s"], flush=True)
    return found


def against_peers(sizes: Iterable[Size], seconds: float) -> list[dict[str, Any]]:
    """Measure ours and the peers at the sizes of the issue, double precision."""
    found: list[dict[str, Any]] = []
    for size in sizes:
        contestants: dict[str, Callable[[], Step]] = {"fused": partial(steps.fused, size)}
        if size.rows <= MOST_PEER_ROWS and size.rows * 2**size.wires <= MOST_PEER_AMPLITUDES:
            contestants["backprop"] = partial(steps.backprop, size)
            contestants["native"] = partial(steps.native, size)
            contestants["vmap"] = partial(steps.vmap, size)
        found.append({"size": asdict(size), "steps": measure(contestants, seconds)})
        print(size, {name: figures["least_s"] for name, figures in found[-1]["steps"].items()}, flush=True)
    return found


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Plot time and memory over wires, rows and layers."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.name}):
        figure = Figure(figsize=(10, 5.5), layout="constrained")
        for column, axis in enumerate(SWEEPS):
            for row, (what, label, scale) in enumerate(
                (("least_s", "ms a gradient", 1e3), ("memory", "MiB at the peak", 2.0**-20))
            ):
                axes = figure.add_subplot(2, 3, 1 + column + 3 * row)
                for dtype in ("float32", "float64"):
                    points = [one for one in found if one["axis"] == axis]
                    x = [one["size"][axis] for one in points]
                    axes.plot(x, [scale * one["fused"][dtype][what] for one in points], marker="o", ms=3, label=dtype)
                axes.set_xlabel(axis)
                axes.set_yscale("log" if what == "least_s" else "symlog")
                if axis == "rows":
                    axes.set_xscale("log", base=2)
                if column == 0:
                    axes.set_ylabel(label)
        figure.axes[0].legend()
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, store, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure the peers too")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each size (default 1)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Explicitly requested dtype")
    here = asdict(describe_environment())
    machine = {fact: here[fact] for fact in ("cpu", "cores", "machine", "python")}
    packages = {name: here["packages"].get(name) for name in PACKAGES}
    stored: dict[str, Any] = {**machine, "packages": packages, "sweep": sweep(options.seconds)}
    if options.peers:
        stored["peers"] = against_peers(GRID, options.seconds)
    (options.out / "classifier_scaling.json").write_text(json.dumps(stored, indent=1, default=str) + "\n")
    draw(stored["sweep"], options.out / "classifier_scaling.svg")


if __name__ == "__main__":
    main()
