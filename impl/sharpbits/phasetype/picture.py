"""A small graph as a picture: states in layers by their distance from the starts, edges with their weights.

A start has an arrow from nowhere, an absorbing state a double line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sharpbits.errors import UsageError
from sharpbits.extras import needs_extra
from sharpbits.figures import check_figure_target, write_figure
from sharpbits.phasetype.graph import Graph, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

#: More than these cannot be told apart on a page.
MAX_VERTICES = 60
MAX_EDGES = 300

#: Of edges, that have room for their weights.
MAX_LABELS = 60

#: Of a state's outline, in inches.
_HEIGHT = 0.3

_WHAT = "the graph cannot be drawn"
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def plot(graph: Graph, path: Path | None = None, *, theta: npt.ArrayLike | None = None) -> Figure:
    """Return a picture of a graph, and write it where a path is given.

    Parameters
    ----------
    path
        ``.png``, ``.svg`` or ``.pdf``.
    theta
        ``[p]``: weights are shown at these parameters; None: as they depend on them. Of more than 60 edges none is.

    Raises
    ------
    UsageError
        The graph has more than 60 states or 300 edges, the file cannot be of that name, or Matplotlib is missing.
    ParameterError
        The graph cannot take these parameters.
    """
    _check(graph, path)
    with needs_extra(_WHAT, "phasetype"):
        from matplotlib.figure import Figure
    labels = [_text(tuple(state)) for state in graph.states.tolist()]
    wide = 0.075 * max(map(len, labels)) + 0.25
    # In inches from here on, so that nothing is stretched.
    places = layout(graph) * np.array([wide + 1.2, -0.85])
    low = places.min(axis=0) - np.array([wide / 2 + 0.9, 0.6])
    high = places.max(axis=0) + np.array([wide / 2 + 0.2, 0.6])
    figure = Figure(figsize=tuple(high - low))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.axis("off")
    boxes = [
        _draw_state(axes, place, label, wide, ends=bool(ends))
        for place, label, ends in zip(places, labels, graph.absorbing, strict=True)
    ]
    texts = _weights(graph, theta) if graph.edges <= MAX_LABELS else [""] * graph.edges
    pairs = list(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    for (source, target), text in zip(pairs, texts, strict=True):
        bent = 0.2 if (target, source) in pairs or _passes(places, source, target) else 0.0
        if source == target:
            _draw_loop(axes, places[source], text)
        else:
            _draw_edge(axes, places[source], places[target], text, bent, (boxes[source], boxes[target]))
    for vertex, text in zip(graph.start.tolist(), _start_weights(graph, theta), strict=True):
        outside = places[vertex] - [wide / 2 + 0.8, 0.0]
        _draw_arrow(axes, outside, places[vertex], "arc3", patchB=boxes[vertex])
        _draw_weight(axes, outside + np.array([0.35, 0.0]), text)
    if path is not None:
        write_figure(figure, path)
    return figure


def _check(graph: Graph, path: Path | None) -> None:
    if graph.vertices > MAX_VERTICES or graph.edges > MAX_EDGES:
        raise UsageError(
            _WHAT,
            why=f"it has {graph.vertices:,} states and {graph.edges:,} edges",
            resolution="draw a smaller graph of the same model",
            expected=f"at most {MAX_VERTICES} states and {MAX_EDGES} edges",
        )
    if path is not None:
        check_figure_target(path, _WHAT)


def layout(graph: Graph) -> Float64[np.ndarray, "n 2"]:
    """Return a place for each vertex: across by its distance from the starts, down in the order of its neighbours.

    Method: layers of a breadth-first search; within each, eight sweeps of sorting by the mean place of the neighbours
    (Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures", IEEE Transactions on
    Systems, Man, and Cybernetics 11:109 (1981)).
    """
    level = distances(graph)
    down = np.zeros(graph.vertices)
    layers = [np.flatnonzero(level == one) for one in range(level.max() + 1)]
    for layer in layers:
        down[layer] = _spread(len(layer))
    joined = np.zeros((graph.vertices, graph.vertices))
    joined[graph.source, graph.target] = 1.0
    joined += joined.T
    np.fill_diagonal(joined, 0.0)
    for sweep in range(8):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = joined[layer]
            middle = near @ down / np.maximum(near.sum(axis=1), 1.0)
            down[layer[np.argsort(middle, kind="stable")]] = _spread(len(layer))
    return np.stack([level.astype(np.float64), down], axis=1)


def distances(graph: Graph) -> Int64[np.ndarray, " n"]:
    """Return how many steps each vertex is from the nearest start."""
    level = np.full(graph.vertices, -1, dtype=np.int64)
    frontier = graph.start
    level[frontier] = steps = 0
    while len(frontier):
        steps += 1
        next_ones = np.unique(graph.target[np.isin(graph.source, frontier)])
        frontier = next_ones[level[next_ones] < 0]
        level[frontier] = steps
    return level


def _spread(count: int) -> Float64[np.ndarray, " count"]:
    return np.arange(count) - (count - 1) / 2


def _passes(places: Float64[np.ndarray, "n 2"], source: int, target: int) -> bool:
    """Tell whether a straight line would pass through another vertex."""
    ends = places[target] - places[source]
    others = np.delete(places, [source, target], axis=0) - places[source]
    along, aside = others @ ends, np.abs(others @ np.array([-ends[1], ends[0]]))
    return bool(((along > 0) & (along < ends @ ends) & (aside < 0.2 * np.sqrt(ends @ ends))).any())


def _draw_state(axes: Axes, place: Float64[np.ndarray, " 2"], label: str, wide: float, *, ends: bool) -> Patch:
    """Return the outline of a state, which arrows end at."""
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    outlines = []
    for more in (0.07, 0.0) if ends else (0.0,):
        width, height = wide + more, _HEIGHT + more
        style = f"round,pad=0,rounding_size={0.08 + more / 2}"
        outline = FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, boxstyle=style, facecolor="white", edgecolor="0.2", zorder=3
        )
        outlines.append(axes.add_patch(outline))
    axes.text(x, y, label, ha="center", va="center", fontsize=9, zorder=4)
    return outlines[0]


def _draw_edge(
    axes: Axes,
    source: Float64[np.ndarray, " 2"],
    target: Float64[np.ndarray, " 2"],
    text: str,
    bent: float,
    between: tuple[Patch, Patch],
) -> None:
    """Draw an arrow, and what it weighs a little before its middle, where others may cross it."""
    ends = target - source
    control = (source + target) / 2 + bent * np.array([ends[1], -ends[0]])
    _draw_arrow(axes, source, target, f"arc3,rad={bent}", patchA=between[0], patchB=between[1])
    at = 0.5 - 0.14 / float(np.hypot(*ends))
    _draw_weight(axes, (1 - at) ** 2 * source + 2 * at * (1 - at) * control + at**2 * target, text)


def _draw_loop(axes: Axes, place: Float64[np.ndarray, " 2"], text: str) -> None:
    top = place + np.array([0.0, _HEIGHT / 2])
    side = np.array([0.08, 0.0])
    _draw_arrow(axes, top - side, top + side, "arc3,rad=-2.5", shrinkA=0, shrinkB=0)
    _draw_weight(axes, top + np.array([0.0, 0.25]), text)


def _draw_arrow(
    axes: Axes, source: Float64[np.ndarray, " 2"], target: Float64[np.ndarray, " 2"], style: str, **ends: Any
) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            tuple(source),
            tuple(target),
            arrowstyle="-|>",
            mutation_scale=9,
            connectionstyle=style,
            linewidth=0.8,
            color="0.35",
            zorder=2,
            **ends,
        )
    )


def _draw_weight(axes: Axes, place: Float64[np.ndarray, " 2"], text: str) -> None:
    if text:
        plain: dict[str, Any] = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        x, y = place
        axes.text(x, y, text, ha="center", va="center", fontsize=7, color="C0", zorder=5, bbox=plain)


def _text(state: tuple[int, ...]) -> str:
    """Write a state in at most 24 characters."""
    whole = ", ".join(map(str, state))
    return whole if len(whole) <= 24 else f"{whole[:20].rstrip(', ')}, …"


def _weights(graph: Graph, theta: npt.ArrayLike | None) -> list[str]:
    if theta is not None:
        return [f"{weight:.4g}" for weight in graph.weights(theta)]
    return [_formula(graph, *one) for one in zip(graph.base, graph.coefficients, strict=True)]


def _start_weights(graph: Graph, theta: npt.ArrayLike | None) -> list[str]:
    if theta is not None:
        return [f"{probability:.4g}" for probability in graph.start_probabilities(theta)]
    return [_formula(graph, *one) for one in zip(graph.start_base, graph.start_coefficients, strict=True)]


def _formula(graph: Graph, base: float, coefficients: Float64[np.ndarray, " p"]) -> str:
    """Write a weight as it depends on the parameters, e.g. ``0.5 + 3θ₁`` or ``2·exp(-θ₂)``."""
    terms = [
        f"{_factor(coefficient)}θ{str(number).translate(_SUBSCRIPTS)}"
        for number, coefficient in enumerate(coefficients.tolist(), start=1)
        if coefficient
    ]
    along = " + ".join(terms).replace("+ -", "- ")
    if not terms:
        return f"{base:.4g}"
    if graph.weight_mode is WeightMode.LOG_LINEAR:
        return f"{base:.4g}·exp({along})"
    return along if base == 0 else f"{base:.4g} + {along}".replace("+ -", "- ")


def _factor(coefficient: float) -> str:
    return {1.0: "", -1.0: "-"}.get(coefficient, f"{coefficient:.4g}")
