"""What one would use instead of ``sharpbits.phasetype``: SciPy, and the package phasic where it is installed.

phasic is never a dependency: its metadata requires two unrelated packages of the index. ``INSTALL`` says how to get it
for these gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse.linalg
from scipy.sparse import csr_array
from scipy.special import gammaln

from sharpbits.phasetype import Graph, Kind, WeightMode

Numbers = npt.NDArray[np.float64]

INSTALL = "pip install --no-deps phasic==0.32.1 && pip install pandas pyyaml requests seaborn tqdm"

#: Of every density here: 100 of them, from a fortieth of the mean of a coalescent to two and a half times it.
TIMES = np.linspace(0.0, 5.0, 101)[1:]


@dataclass
class Uniformization:
    """Uniformization as one writes it with SciPy: one sequence of CSR products for all times, as exact as ours.

    The pattern is sorted once; a call fills in weights, and ends its sequence where what is left out of the Poisson
    weights is below the tolerance, or nothing is left. Numbers that no longer count are set to 0: see ``pdf``.
    """

    graph: Graph
    tolerance: float = 1e-12
    steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        graph = self.graph
        inside = ~graph.absorbing
        place = np.cumsum(inside) - 1
        self._size = int(inside.sum())
        self._kept = np.flatnonzero(inside[graph.target])
        self._exits = np.flatnonzero(~inside[graph.target])
        self._exit_source = place[graph.source[self._exits]]
        self._source = place[graph.source]
        rows, columns = place[graph.target[self._kept]], place[graph.source[self._kept]]
        # By target: u P is a product of the transposed matrix. The diagonal is an entry as any other.
        everywhere = np.arange(self._size)
        number = np.arange(len(rows) + self._size)
        made = csr_array(
            (number + 1.0, (np.concatenate([rows, everywhere]), np.concatenate([columns, everywhere]))),
            shape=(self._size, self._size),
        )
        self._order = made.data.astype(np.int64) - 1
        self._pattern = (made.indices.astype(np.int32), made.indptr.astype(np.int32))
        self._start_place = place[graph.start]

    def pdf(self, times: Numbers, theta: npt.ArrayLike) -> Numbers:
        """Return the density at times."""
        weights = self.graph.weights(theta)
        leaving = np.bincount(self._source, weights=weights, minlength=self._size)
        rate = leaving.max()
        data = np.concatenate([weights[self._kept] / rate, 1 - leaving / rate])[self._order]
        step = csr_array((data, *self._pattern), shape=(self._size, self._size))
        exits = weights[self._exits]
        state = np.zeros(self._size)
        state[self._start_place] = self.graph.start_probabilities(theta)
        most = self._most_steps(rate * times.max())
        found = np.empty(most)
        largest = exits.max()
        for k in range(most):
            found[k] = exits @ state[self._exit_source]  # few: a product of whole vectors would start threads
            if k % 8 == 0:
                state[state < 1e-250] = 0  # below 1e-308 a product takes a hundred times as long
                if state.sum() * largest == 0:
                    found = found[:k]
                    break
            state = step @ state
        self.steps = len(found)
        return self._mixed(found, rate * times)

    def _most_steps(self, mean: float) -> int:
        """Return after how many steps a Poisson number with this mean lies with all but the tolerance."""
        from scipy.stats import poisson

        return int(poisson.isf(self.tolerance, mean)) + 2

    def _mixed(self, found: Numbers, means: Numbers) -> Numbers:
        """Return ``sum_k Poisson(k; mean) found[k]`` for each mean, each over the steps that count for it."""
        totals = np.empty(len(means))
        logarithms = gammaln(np.arange(len(found)) + 1.0)
        for j, mean in enumerate(means):
            reach = 8 * np.sqrt(mean) + 40
            begin, end = max(0, int(mean - reach)), min(len(found), int(mean + reach) + 1)
            k = np.arange(begin, end)
            totals[j] = np.exp(k * np.log(mean) - mean - logarithms[begin:end]) @ found[begin:end]
        return totals

    @property
    def bytes_a_product(self) -> int:
        """What a CSR product moves: values and indices of the matrix, row offsets, and two vectors."""
        return 12 * len(self._order) + (4 + 8 + 8) * self._size


def expm_multiply(graph: Graph, times: Numbers, theta: npt.ArrayLike) -> Numbers:
    """Return the density at equidistant times, by SciPy's Taylor series of the matrix exponential."""
    matrices = graph.to_matrices(theta)
    states = scipy.sparse.linalg.expm_multiply(
        matrices.S.T, matrices.alpha, start=times[0], stop=times[-1], num=len(times), endpoint=True
    )
    return np.asarray(states @ matrices.exit)


def dense_expm(graph: Graph, times: Numbers, theta: npt.ArrayLike) -> Numbers:
    """Return the density by the dense matrix exponential: the oracle of small graphs."""
    matrices = graph.to_matrices(theta)
    dense = matrices.S.toarray()
    return np.array([matrices.alpha @ scipy.linalg.expm(dense * time) @ matrices.exit for time in times])


def phasic_graph(graph: Graph, theta: npt.ArrayLike) -> Any:
    """Return phasic's graph of the same states and edges, edge by edge; its time is what it costs in C++ and pybind."""
    import phasic

    made = phasic.Graph(graph.state_length)
    # Its start is the state of zeros.
    vertices = [made.find_or_create_vertex((state + 1).tolist()) for state in graph.states]
    made.starting_vertex().add_edge(vertices[int(graph.start[0])], 1.0)
    for source, target, along in zip(
        graph.source.tolist(), graph.target.tolist(), graph.coefficients.tolist(), strict=True
    ):
        vertices[source].add_edge(vertices[target], along)
    made.update_weights(np.asarray(theta, dtype=np.float64))
    return made


def phasic_pdf(graph: Any, times: Numbers, theta: npt.ArrayLike) -> Numbers:
    """Return phasic's density. Setting weights makes it forget the steps that it has taken, as new parameters do."""
    graph.update_weights(np.asarray(theta, dtype=np.float64))
    return np.asarray(graph.pdf(times))


def phasic_moments(graph: Any, thetas: Numbers, order: int) -> Numbers:
    """Return phasic's moments for each θ."""
    found = []
    for theta in thetas:
        graph.update_weights(theta)
        found.append(graph.moments(order))
    return np.array(found)


# The block-counting coalescent as callbacks. Ours and phasic's differ only in what each package asks to be returned.


def blocks(state: Sequence[int]) -> list[tuple[list[int], float]]:
    """Return what a state of blocks leads to, and how fast: plain lists, empty sizes passed over."""
    found = []
    sizes = [size for size, count in enumerate(state) if count]
    for at, one in enumerate(sizes):
        count = state[one]
        for other in sizes[at if count > 1 else at + 1 :]:
            target = list(state)
            target[one] -= 1
            target[other] -= 1
            target[one + other + 1] += 1
            found.append((target, count * (count - 1) / 2 if one == other else count * state[other]))
    return found


def our_blocks(state: tuple[int, ...]) -> list[tuple[tuple[int, ...], tuple[float, list[float]]]]:
    """As :func:`sharpbits.phasetype.explore` has it."""
    return [(tuple(target), (0.0, [rate])) for target, rate in blocks(state)]


def phasic_blocks(state: npt.NDArray[np.int32]) -> list[list[Any]]:
    """As phasic has it, on plain lists: its fastest. It asks for arrays, to subtract them from the state."""
    return [[np.array(target), [rate]] for target, rate in blocks(state.tolist())]


def phasic_blocks_as_documented(state: npt.NDArray[np.int32]) -> list[list[Any]]:
    """As phasic's documentation writes it: loops over the array, a copy for each transition."""
    found = []
    for i in range(state.size):
        for j in range(i, state.size):
            same = int(i == j)
            if same and state[i] < 2:
                continue
            if not same and (state[i] < 1 or state[j] < 1):
                continue
            new = state.copy()
            new[i] -= 1
            new[j] -= 1
            new[i + j + 1] += 1
            found.append([new, [state[i] * (state[j] - same) / (1 + same)]])
    return found


def phasic_explored(step: Callable[[Any], list[Any]], lineages: int) -> Any:
    """Return phasic's graph from a callback; its cache on disk would return a copy of the first."""
    import phasic

    return phasic.Graph(step, ipv=[([lineages, *[0] * (lineages - 1)], 1.0)], graph_cache=False)


def with_parameters(graph: Graph, theta: npt.ArrayLike, parameters: int) -> Graph:
    """Return the graph with each rate at θ spread over other parameters: with all of them 1, rates are as they were."""
    shares = np.random.default_rng(parameters).dirichlet(np.ones(parameters), graph.edges)
    return Graph(
        kind=graph.kind,
        weight_mode=graph.weight_mode,
        states=graph.states,
        source=graph.source,
        target=graph.target,
        base=np.zeros(graph.edges),
        coefficients=graph.weights(theta)[:, None] * shares,
        start=graph.start,
        start_base=graph.start_base,
        start_coefficients=np.zeros((len(graph.start), parameters)),
    )


def chain_of_components(count: int, size: int = 12) -> Graph:
    """Return a graph of strongly connected components, one after the other: rings with random chords."""
    generator = np.random.default_rng(count)
    first = size * np.arange(count)[:, None]
    ring = np.arange(size)
    chords = generator.integers(0, size, (count, size, 2))
    source = np.concatenate([(first + ring).ravel(), (first[:, :, None] + chords)[..., 0].ravel(), first[:, 0]])
    target = np.concatenate(
        [(first + (ring + 1) % size).ravel(), (first[:, :, None] + chords)[..., 1].ravel(), first[:, 0] + size]
    )
    edges = np.unique(np.stack([source, target])[:, source != target], axis=1)
    return Graph(
        kind=Kind.CONTINUOUS,
        weight_mode=WeightMode.LINEAR,
        states=np.arange(count * size + 1)[:, None],
        source=edges[0],
        target=edges[1],
        base=generator.uniform(0.5, 2.0, len(edges[0])),
        coefficients=np.zeros((edges.shape[1], 0)),
        start=np.zeros(1, np.int32),
        start_base=np.ones(1),
        start_coefficients=np.zeros((1, 0)),
    )
