"""Ready models: as many states as theory says, their expectations in closed form, and names that are understood."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse.linalg import spsolve

from sharpbits.errors import UsageError
from sharpbits.phasetype import (
    READY_MODELS,
    Graph,
    Kind,
    WeightMode,
    block_counting,
    coalescent,
    mm1k,
    ready_model,
    two_island,
)
from sharpbits.phasetype.models import partitions


def mean(graph: Graph, theta: npt.ArrayLike) -> float:
    """Expected time: alpha (-S)^-1 1, by SciPy's sparse solver."""
    alpha, matrix, _ = graph.to_matrices(theta)
    return float(alpha @ np.atleast_1d(spsolve(-matrix.tocsc(), np.ones(len(alpha)))))


@pytest.mark.parametrize("lineages", [2, 3, 10, 100])
def test_the_coalescent_is_a_chain_whose_time_is_known(lineages: int) -> None:
    graph = coalescent(lineages)
    assert graph.states[:, 0].tolist() == list(range(lineages, 0, -1))
    assert graph.weights([2.0]).tolist() == [2.0 * comb(k, 2) for k in range(lineages, 1, -1)]
    # Kingman 1982: E T = 2 (1 - 1/n) in units of the pair's rate. A sum of n terms, each exact to rounding.
    assert mean(graph, [0.5]) == pytest.approx(2 * (1 - 1 / lineages) / 0.5, rel=lineages * 1e-15)


@pytest.mark.parametrize(
    ("lineages", "states", "edges"), [(2, 2, 1), (3, 3, 2), (4, 5, 5), (20, 627, 3_545), (30, 5_604, 48_297)]
)
def test_block_counting_has_a_state_for_each_partition(lineages: int, states: int, edges: int) -> None:
    """The peer counts one vertex and one edge more: those of its start."""
    graph = block_counting(lineages)
    assert (graph.vertices, graph.edges, graph.state_length) == (states, edges, lineages)
    assert (graph.states @ np.arange(1, lineages + 1) == lineages).all()


def test_block_counting_at_40_is_comfortable() -> None:
    graph = block_counting(40)
    assert (graph.vertices, graph.edges) == (37_338, 432_937)
    assert graph.nbytes == 37_338 * (4 * 40 + 8) + 432_937 * (16 + 8) + (12 + 8) + 8


@pytest.mark.parametrize("lineages", [2, 5, 12])
def test_block_counting_takes_the_time_of_the_coalescent(lineages: int) -> None:
    graph = block_counting(lineages)
    assert mean(graph, [3.0]) == pytest.approx(mean(coalescent(lineages), [3.0]), rel=1e-13)
    # From any state of k blocks, pairs coalesce at k (k - 1)/2 in all.
    blocks = graph.states.sum(axis=1)
    rates = np.bincount(graph.source, graph.weights([1.0]), minlength=graph.vertices)
    assert rates.tolist() == (blocks * (blocks - 1) / 2).tolist()


def test_block_counting_of_four_is_the_graph_on_paper() -> None:
    graph = block_counting(4)
    edges = {
        (tuple(graph.states[source].tolist()), tuple(graph.states[target].tolist())): weight
        for source, target, weight in zip(graph.source, graph.target, graph.weights([1.0]).tolist(), strict=True)
    }
    assert edges == {
        ((4, 0, 0, 0), (2, 1, 0, 0)): 6,
        ((2, 1, 0, 0), (0, 2, 0, 0)): 1,
        ((2, 1, 0, 0), (1, 0, 1, 0)): 2,
        ((0, 2, 0, 0), (0, 0, 0, 1)): 1,
        ((1, 0, 1, 0), (0, 0, 0, 1)): 1,
    }


def test_two_islands_are_a_cycle_of_known_size() -> None:
    graph = two_island(3, 2)
    assert graph.vertices == 6 * 7 // 2 - 1
    assert graph.states[graph.absorbing].tolist() == [[0, 1], [1, 0]]
    assert graph.states[graph.start].tolist() == [[3, 2]]
    here, there = 3, 2
    out = graph.weights([2.0, 3.0, 5.0, 7.0])[graph.source == graph.vertex_of((here, there))]
    assert sorted(out.tolist()) == sorted([2.0 * comb(here, 2), 3.0 * comb(there, 2), 5.0 * here, 7.0 * there])


@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("migration", [0.01, 1.0, 5.0])
def test_two_lineages_on_two_islands_meet_after_a_time_that_does_not_depend_on_migration(
    rate: float, migration: float
) -> None:
    """Strobeck 1987: on the same island 2/rate, whatever the migration; apart, 1/(2 migration) more."""
    theta = [rate, rate, migration, migration]
    assert mean(two_island(2, 0), theta) == pytest.approx(2 / rate, rel=1e-12)
    assert mean(two_island(1, 1), theta) == pytest.approx(2 / rate + 1 / (2 * migration), rel=1e-12)


@pytest.mark.parametrize("lineages", [2, 5])
def test_islands_of_much_migration_are_one_population(lineages: int) -> None:
    theta = [2.0, 2.0, 1e7, 1e7]
    # Each pair is together half of the time; the error is of the order of rate/migration.
    assert mean(two_island(lineages, 0), theta) == pytest.approx(mean(coalescent(lineages), [1.0]), rel=1e-5)


@pytest.mark.parametrize("capacity", [1, 2, 7])
@pytest.mark.parametrize(("arrivals", "services"), [(0.5, 1.0), (1.0, 1.0), (3.0, 2.0)])
def test_a_busy_period_has_its_known_mean(capacity: int, arrivals: float, services: float) -> None:
    """Of M/M/1/K: (1 + rho + … + rho^(K-1))/mu, by the renewal argument."""
    graph = mm1k(capacity)
    assert graph.vertices == capacity + 1
    rho = arrivals / services
    expected = sum(rho**k for k in range(capacity)) / services
    assert mean(graph, [arrivals, services]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", READY_MODELS)
def test_ready_models_take_their_first_parameters(kind: str) -> None:
    model = ready_model(f"{kind}:5")
    assert model.name == f"{kind}:5"
    assert (model.graph.kind, model.graph.weight_mode) == (Kind.CONTINUOUS, WeightMode.LINEAR)
    assert len(model.theta) == len(model.parameters) == model.graph.parameters
    assert 0 < mean(model.graph, model.theta) < np.inf


def test_names_mean_the_models_they_say() -> None:
    assert ready_model("coalescent:6").graph == coalescent(6)
    assert ready_model("block-counting:6").graph == block_counting(6)
    assert ready_model("two-island:5").graph == two_island(3, 2)
    assert ready_model("mm1k:4").graph == mm1k(4)
    assert ready_model("mm1k:004") == ready_model("mm1k:4")


@pytest.mark.parametrize(
    ("name", "why", "resolution"),
    [
        ("coalescence:5", "none of block-counting, coalescent, mm1k, two-island", "coalescent:N"),
        ("", "none of", "N"),
        ("model.json", "none of", "N"),
        ("coalescent", "coalescent needs a size", "coalescent:10"),
        ("coalescent:", "coalescent needs a size", "coalescent:10"),
        ("coalescent:ten", "'ten' is no size", "coalescent:10"),
        ("coalescent:-3", "'-3' is no size", "at least 2"),
        ("coalescent:5:5", "'5:5' is no size", "at least 2"),
        ("coalescent: 5", "' 5' is no size", "at least 2"),
        ("coalescent:\u0665", "is no size", "at least 2"),
        ("coalescent:1", "no time to wait for", "at least 2"),
        ("mm1k:0", "no time to wait for", "at least 1"),
        ("coalescent:99999999999", "is no size", "at least 2"),
        ("coalescent:999999999", "more than 2,000,000 states", "smaller"),
        ("block-counting:100", "more than 2,000,000 states", "smaller"),
        ("two-island:3000", "more than 2,000,000 states", "smaller"),
    ],
)
def test_a_name_that_is_none_is_refused_at_once(name: str, why: str, resolution: str) -> None:
    with pytest.raises(UsageError) as caught:
        ready_model(name)
    assert why in caught.value.why
    assert resolution in caught.value.resolution


@pytest.mark.parametrize(
    "build", [lambda: coalescent(0), lambda: block_counting(-1), lambda: two_island(0, 0), lambda: mm1k(0)]
)
def test_a_size_that_is_none_is_refused(build: Callable[[], Graph]) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        build()


def test_partitions_are_counted() -> None:
    """By the generating function, as an independent count."""
    counts = [1, *[0] * 40]
    for part in range(1, 41):
        for total in range(part, 41):
            counts[total] += counts[total - part]
    assert [partitions(number) for number in range(41)] == counts
