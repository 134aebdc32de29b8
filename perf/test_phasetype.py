"""Gates of phase-type graphs: building, densities, gradients, moments, recording, against SciPy and the package phasic.

Where threads are not the point, processor time is judged: it is the same on a machine with other work to do. What takes
minutes, and what is measured once, such as n=50: ``pytest perf -m long``, ``python perf/phasetype_scaling.py``. Figures
of a machine are in perf/README.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import phasetype_peers as peers
from phasetype_peers import TIMES
from sharpbits.phasetype import (
    Graph,
    block_counting,
    coalescent,
    explore,
    moments,
    pdf,
    record,
    record_hierarchically,
    two_island,
)

_config: Any = jax.config  # has no types
_config.update("jax_enable_x64", True)

Contest = Callable[..., Any]

#: A model, and parameters for it.
MODELS: dict[str, tuple[Callable[[], Graph], list[float]]] = {
    "coalescent:100": (lambda: coalescent(100), [1.0]),
    "block-counting:10": (lambda: block_counting(10), [1.0]),
    "block-counting:20": (lambda: block_counting(20), [1.0]),
    "block-counting:30": (lambda: block_counting(30), [1.0]),
    "block-counting:40": (lambda: block_counting(40), [1.0]),
    "two-island:40": (lambda: two_island(20, 20), [1.0, 1.0, 0.5, 0.5]),
}
long = functools.partial(pytest.param, marks=pytest.mark.long)


@functools.cache
def model(name: str) -> tuple[Graph, np.ndarray]:
    build, theta = MODELS[name]
    return build(), np.array(theta)


@pytest.fixture
def phasic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Import the peer, with a home of its own: it keeps caches there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return pytest.importorskip("phasic", reason=f"the peer is not installed: {peers.INSTALL}")


# Building.


@pytest.mark.usefixtures("phasic")
@pytest.mark.parametrize(
    ("lineages", "step", "at_least"),
    [
        pytest.param(20, peers.phasic_blocks_as_documented, 5.0, id="as-documented-20"),
        pytest.param(20, peers.phasic_blocks, 3.0, id="fastest-20"),
        long(30, peers.phasic_blocks_as_documented, 5.0, id="as-documented-30"),
        long(30, peers.phasic_blocks, 3.0, id="fastest-30"),
    ],
)
def test_building_by_a_callback_for_each_state(contest: Contest, lineages: int, step: Any, at_least: float) -> None:
    """Peer: phasic's graph from the same callback, and from one that is written as its documentation does."""
    start = (lineages, *[0] * (lineages - 1))
    contest(
        lambda: explore(peers.our_blocks, start, parameters=1),
        lambda: peers.phasic_explored(step, lineages),
        at_least=at_least,
        processor_time=True,
    )


@pytest.mark.usefixtures("phasic")
@pytest.mark.parametrize(
    ("lineages", "step", "at_least"),
    [
        pytest.param(20, peers.phasic_blocks_as_documented, 8.0, id="as-documented-20"),
        long(30, peers.phasic_blocks_as_documented, 40.0, id="as-documented-30"),
        long(30, peers.phasic_blocks, 20.0, id="fastest-30"),
    ],
)
def test_building_by_a_vectorised_callback(contest: Contest, lineages: int, step: Any, at_least: float) -> None:
    """Peer: phasic's graph from a callback for each state; it has no other."""
    contest(
        lambda: block_counting(lineages),
        lambda: peers.phasic_explored(step, lineages),
        at_least=at_least,
        processor_time=True,
    )


# Densities at 100 times.


def density(name: str) -> Callable[[], Any]:
    graph, theta = model(name)
    return lambda: pdf(graph, TIMES, theta)


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("block-counting:10", 3.0),
        ("block-counting:20", 20.0),
        ("two-island:40", 15.0),
        long("coalescent:100", 20.0),
        long("block-counting:30", 20.0),
    ],
)
def test_a_density_is_many_times_as_fast_as_phasic(
    contest: Contest, benchmark: Any, phasic: Any, name: str, at_least: float
) -> None:
    """And it is exact, where phasic's is a first-order time step: errors of both are stored with the figures."""
    graph, theta = model(name)
    theirs = peers.phasic_graph(graph, theta)
    exact = peers.Uniformization(graph).pdf(TIMES, theta)
    if graph.vertices < 1000:
        some = slice(0, None, 25)
        np.testing.assert_allclose(exact[some], peers.dense_expm(graph, TIMES[some], theta), atol=1e-11)
    own_error = float(np.abs(pdf(graph, TIMES, theta) - exact).max())
    benchmark.extra_info["largest error"] = own_error
    benchmark.extra_info["largest error of phasic"] = float(
        np.abs(peers.phasic_pdf(theirs, TIMES, theta) - exact).max()
    )
    assert own_error < 1e-11
    contest(density(name), lambda: peers.phasic_pdf(theirs, TIMES, theta), at_least=at_least, processor_time=True)


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("block-counting:20", 2.0),
        ("block-counting:30", 2.0),
        ("two-island:40", 2.0),
        long("coalescent:100", 2.0),
        long("block-counting:40", 2.0),
    ],
)
def test_a_density_is_twice_as_fast_as_uniformization_in_scipy(contest: Contest, name: str, at_least: float) -> None:
    """Peer: one sequence of CSR products for all times, as exact."""
    graph, theta = model(name)
    theirs = peers.Uniformization(graph)
    contest(
        density(name),
        lambda: theirs.pdf(TIMES, theta),
        at_least=at_least,
        atol=1e-11,
        processor_time=True,
        max_seconds=10,
    )


@pytest.mark.parametrize("name", ["block-counting:20", long("block-counting:30"), long("two-island:40")])
def test_a_density_is_twice_as_fast_as_expm_multiply(contest: Contest, name: str) -> None:
    """Peer: SciPy's action of the matrix exponential at equidistant times."""
    graph, theta = model(name)
    contest(
        density(name), lambda: peers.expm_multiply(graph, TIMES, theta), at_least=2.0, atol=1e-10, processor_time=True
    )


# Gradients.


@pytest.mark.parametrize("parameters", [1, 4, 16])
@pytest.mark.parametrize(
    ("name", "at_least"), [("block-counting:20", 1 / 4), ("two-island:40", 1 / 4), long("block-counting:30", 1 / 5)]
)
def test_a_value_and_its_gradient_cost_four_values(
    contest: Contest, name: str, at_least: float, parameters: int
) -> None:
    """The value is the log-likelihood of 100 times. Central differences, as phasic takes, would be 1 + 2 p values.

    With n=30 two arrays of all states and steps of a block are more than the second cache holds: it is four and a bit.
    """
    graph = peers.with_parameters(*model(name), parameters)

    def likelihood(theta: Any) -> Any:
        return jnp.log(pdf(graph, TIMES, theta)).sum()

    value, both = jax.jit(likelihood), jax.jit(jax.value_and_grad(likelihood))
    theta = jnp.ones(parameters)
    contest(lambda: both(theta), lambda: value(theta), at_least=at_least, processor_time=True, max_seconds=10)


# Moments.


@pytest.mark.usefixtures("phasic")
@pytest.mark.parametrize(
    ("name", "at_least"),
    [("coalescent:100", 3.0), ("block-counting:20", 3.0), long("two-island:40", 3.0), long("block-counting:30", 3.0)],
)
def test_moments_at_a_hundred_parameters_are_three_times_as_fast_as_phasic(
    contest: Contest, name: str, at_least: float
) -> None:
    """Two moments from a recorded trace. Peer: its C++ elimination, whose order it keeps for a graph, θ by θ."""
    graph, theta = model(name)
    trace, theirs = record(graph), peers.phasic_graph(graph, theta)
    thetas = np.linspace(0.5, 2.0, 100)[:, None] * theta
    contest(
        lambda: trace.moments(graph, thetas, order=2),
        lambda: peers.phasic_moments(theirs, thetas, 2),
        at_least=at_least,
        rtol=1e-9,
        processor_time=True,
    )


@pytest.mark.usefixtures("phasic")
@pytest.mark.parametrize(("name", "at_least"), [("block-counting:20", 0.5), long("two-island:40", 3.0)])
def test_moments_in_jax_at_a_hundred_parameters(contest: Contest, name: str, at_least: float) -> None:
    """The differentiable form, which eliminates for each θ anew."""
    graph, theta = model(name)
    theirs = peers.phasic_graph(graph, theta)
    thetas = np.linspace(0.5, 2.0, 100)[:, None] * theta
    contest(
        lambda: moments(graph, 2, thetas),
        lambda: peers.phasic_moments(theirs, thetas, 2),
        at_least=at_least,
        rtol=1e-9,
        processor_time=True,
    )


# Recording.


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "at_least"), [("block-counting:10", 7.0), ("block-counting:20", 10.0)])
def test_recording_is_many_times_as_fast_as_phasics_trace(
    contest: Contest, phasic: Any, name: str, at_least: float
) -> None:
    """Peer: its trace in Python, without its hierarchy, which fails from 50 vertices on. It empties the graph."""
    from phasic.trace_elimination import record_elimination_trace

    graph, theta = model(name)
    theirs = peers.phasic_graph(graph, theta)
    contest(
        lambda: record(graph),
        lambda: record_elimination_trace(theirs.clone(), theta_dim=1),
        at_least=at_least,
        processor_time=True,
    )


@pytest.mark.parametrize("few", [100, long(1_000)])
def test_ten_times_as_many_components_cost_at_most_fourteen_times_as_much(contest: Contest, few: int) -> None:
    """Recording by strongly connected components, each with a structure of its own."""
    graphs = peers.chain_of_components(10 * few), peers.chain_of_components(few)
    contest(
        lambda: record_hierarchically(graphs[0]),
        lambda: record_hierarchically(graphs[1]),
        at_least=1 / 14,
        processor_time=True,
    )
