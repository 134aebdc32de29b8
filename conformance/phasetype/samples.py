"""Two small graphs that have all that a document must keep, and a document as nested lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sharpbits.phasetype import Graph, GraphBuilder, Kind, WeightMode


def linear() -> Graph:
    """Constant and parameterised edges and starts, a defect, a cycle, two absorbing states."""
    builder = GraphBuilder(parameters=2)
    builder.start((2, -1), 0.5)
    builder.start((1, 0), 0.0, [0.1, 0.0])
    builder.edge((2, -1), (1, 0), 0.1, [1.0, -0.05])
    builder.edge((1, 0), (2, -1), 1e-300)
    builder.edge((1, 0), (0, 2147483647), 0.0, [0.0, 1 / 3])
    builder.edge((2, -1), (-2147483648, 0), math.pi)
    return builder.build()


def log_linear() -> Graph:
    builder = GraphBuilder(parameters=1, kind=Kind.DISCRETE, weight_mode=WeightMode.LOG_LINEAR)
    builder.start((1,), 0.25, [-1.0])
    builder.start((2,), 0.5)
    builder.edge((1,), (1,), 0.5, [-0.1])
    builder.edge((1,), (2,), 0.25)
    builder.edge((2,), (0,), 1.0, [-2.0])
    return builder.build()


def as_lists(graph: Graph) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in graph.serialize().items()
    }
