"""A graph built edge by edge: what is small, or drawn on paper, is written down as it stands.

>>> builder = GraphBuilder(parameters=2)
>>> builder.start((1,))
>>> builder.edge((1,), (2,), coefficients=[1.0, 0.0])
>>> builder.edge((2,), (1,), coefficients=[0.0, 1.0])
>>> builder.edge((2,), (0,), 0.25)
>>> builder.build().to_matrices([2.0, 3.0]).S.toarray()
array([[-2.  ,  2.  ],
       [ 3.  , -3.25]])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.phasetype.assembly import table
from sharpbits.phasetype.given import Setting, State, as_state, split_weight
from sharpbits.phasetype.graph import Graph, Kind, WeightMode

if TYPE_CHECKING:
    from jaxtyping import Float64


class GraphBuilder:
    """States, edges and starts, collected one by one; a state has its number by when it was first named.

    Parameters
    ----------
    parameters
        Their number, p.
    kind, weight_mode
        As :class:`Graph` has them.

    Raises
    ------
    GraphError
        ``parameters`` is no number of parameters, or there is no such kind or weight mode.
    """

    def __init__(
        self,
        *,
        parameters: int = 0,
        kind: Kind = Kind.CONTINUOUS,
        weight_mode: WeightMode = WeightMode.LINEAR,
    ) -> None:
        self._setting = Setting(parameters, kind, weight_mode)
        self._vertices: dict[tuple[int, ...], int] = {}
        self._starts: list[int] = []
        self._start_weights: list[tuple[float, Sequence[float]]] = []
        self._edges: list[tuple[int, int]] = []
        self._edge_weights: list[tuple[float, Sequence[float]]] = []

    def vertex(self, state: State) -> int:
        """Return the vertex of a state; the first time, make it.

        Raises
        ------
        GraphError
            It is no state: not of whole numbers, or of another length than the states before it.
        """
        named = as_state(state, length=len(next(iter(self._vertices), ())))
        return self._vertices.setdefault(named, len(self._vertices))

    def start(self, state: State, base: float = 1.0, coefficients: Sequence[float] | None = None) -> None:
        """Let the chain start in a state, with a probability made of base and coefficients as a weight is.

        Raises
        ------
        GraphError
            It is no state, or there are not as many coefficients as parameters.
        """
        weight = self._split(base, coefficients)
        self._starts.append(self.vertex(state))
        self._start_weights.append(weight)

    def edge(
        self, source: State, target: State, base: float = 0.0, coefficients: Sequence[float] | None = None
    ) -> None:
        """Add an edge of weight ``base + coefficients·θ``, or ``base · exp(coefficients·θ)`` where weights are so.

        Raises
        ------
        GraphError
            Source or target is no state, or there are not as many coefficients as parameters.
        """
        weight = self._split(base, coefficients)
        self._edges.append((self.vertex(source), self.vertex(target)))
        self._edge_weights.append(weight)

    def build(self) -> Graph:
        """Return the graph of all that was added.

        Raises
        ------
        GraphError
            It is malformed: an edge that occurs twice, a state that is never reached, …: see :class:`Graph`.
        """
        edges = np.array(self._edges, dtype=np.int64).reshape(-1, 2)
        base, coefficients = self._arrays(self._edge_weights)
        start_base, start_coefficients = self._arrays(self._start_weights)
        return Graph(
            kind=self._setting.kind,
            weight_mode=self._setting.weight_mode,
            states=np.array(list(self._vertices), dtype=np.int32).reshape(
                len(self._vertices), -1 if self._vertices else 0
            ),
            source=edges[:, 0],
            target=edges[:, 1],
            base=base,
            coefficients=coefficients,
            start=np.array(self._starts, dtype=np.int64),
            start_base=start_base,
            start_coefficients=start_coefficients,
        )

    def _split(self, base: float, coefficients: Sequence[float] | None) -> tuple[float, Sequence[float]]:
        return split_weight(base if coefficients is None else (base, coefficients), self._setting.parameters)

    def _arrays(
        self, weights: list[tuple[float, Sequence[float]]]
    ) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, "k p"]]:
        base = np.array([base for base, _ in weights], dtype=np.float64)
        return base, table([along for _, along in weights], self._setting.parameters)
