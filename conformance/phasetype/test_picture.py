"""The picture of a small graph shows every state, edge, weight and start; a large one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from phasetype.graphs import graphs
from phasetype.samples import linear, log_linear
from sharpbits.errors import UsageError
from sharpbits.phasetype import Graph, ParameterError, block_counting, coalescent, mm1k, two_island
from sharpbits.phasetype.picture import distances, layout


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def patches(figure: Figure, kind: type[Any]) -> int:
    return sum(isinstance(patch, kind) for patch in figure.axes[0].patches)


@given(graphs(max_vertices=10))
def test_layers_are_distances_and_no_two_states_share_a_place(graph: Graph) -> None:
    places, steps = layout(graph), distances(graph)
    assert places[:, 0].tolist() == steps.tolist()
    assert len(set(map(tuple, places.tolist()))) == graph.vertices
    assert np.flatnonzero(steps == 0).tolist() == graph.start.tolist()
    # A vertex is one step further than the nearest of those that lead to it.
    for vertex in np.flatnonzero(steps > 0):
        assert steps[vertex] == 1 + steps[graph.source[graph.target == vertex]].min()


@pytest.mark.parametrize("graph", [linear(), log_linear(), coalescent(4), two_island(2, 1), mm1k(3), block_counting(5)])
def test_everything_is_drawn(graph: Graph) -> None:
    figure = graph.plot()
    shown = texts(figure)
    for state in graph.states.tolist():
        assert ", ".join(map(str, state)) in shown
    assert len(shown) == graph.vertices + graph.edges + len(graph.start)
    assert patches(figure, FancyArrowPatch) == graph.edges + len(graph.start)
    assert patches(figure, FancyBboxPatch) == graph.vertices + int(graph.absorbing.sum()), "absorbing ones twice"


def test_weights_are_written_as_they_depend_on_the_parameters() -> None:
    shown = texts(linear().plot())
    assert {"0.1 + θ₁ - 0.05θ₂", "1e-300", "0.3333θ₂", "3.142", "0.5", "0.1θ₁"} <= set(shown)
    assert {"0.5·exp(-0.1θ₁)", "0.25", "1·exp(-2θ₁)", "0.25·exp(-θ₁)"} <= set(texts(log_linear().plot()))


def test_weights_are_numbers_where_parameters_are_given() -> None:
    shown = texts(mm1k(2).plot(theta=[0.25, 3.0]))
    assert shown.count("0.25") == 1
    assert shown.count("3") == 2
    with pytest.raises(ParameterError):
        mm1k(2).plot(theta=[1.0])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_picture_is_written_to_a_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{suffix}"
    two_island(1, 1).plot(path)
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(begins[suffix])


def test_a_long_state_is_shortened() -> None:
    (first, *_) = texts(block_counting(11).plot())
    assert first == "11, 0, 0, 0, 0, 0, 0, …"


def test_a_graph_of_many_edges_has_no_weights() -> None:
    graph = block_counting(10)
    assert graph.vertices <= 60 < graph.edges
    assert len(texts(graph.plot())) == graph.vertices + 1


def test_a_large_graph_is_refused() -> None:
    with pytest.raises(UsageError, match=r"627 states and 3,545 edges[\s\S]*at most 60 states") as caught:
        block_counting(20).plot()
    assert "smaller" in caught.value.resolution


def test_a_file_that_cannot_be_a_picture_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "graph.txt", tmp_path / "graph", tmp_path / "missing" / "graph.png"):
        with pytest.raises(UsageError, match="cannot be drawn"):
            coalescent(3).plot(path)
    assert list(tmp_path.iterdir()) == []
