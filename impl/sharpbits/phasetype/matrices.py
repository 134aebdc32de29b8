"""A graph as the matrices of textbooks, and back: initial distribution, sub-intensity matrix, exit weights.

Source: Bladt and Nielsen, "Matrix-Exponential Distributions in Applied Probability", Springer (2017), chapters 1 and 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype import checks
from sharpbits.phasetype.errors import GraphError, ParameterError
from sharpbits.phasetype.graph import Graph, Kind, WeightMode
from sharpbits.phasetype.weights import checked_parameters, start_probabilities, weights

if TYPE_CHECKING:
    from jaxtyping import Float64
    from scipy.sparse import csr_array


class Matrices(NamedTuple):
    """What a phase-type distribution is made of, over its t transient states in the order of their vertices.

    Attributes
    ----------
    alpha
        ``[t]``: the probability of starting in each; what is missing from 1 is the chance of time 0.
    S
        ``[t, t]``: in continuous time rates, and on the diagonal the negative rate of leaving; in discrete time
        probabilities of a step, and on the diagonal that of staying.
    exit
        ``[t]``: rate or probability of moving to an absorbing state.
    """

    alpha: Float64[np.ndarray, " t"]
    S: csr_array
    exit: Float64[np.ndarray, " t"]


def to_matrices(graph: Graph, theta: npt.ArrayLike = ()) -> Matrices:
    """Return the matrices of a graph at parameters ``[p]``. Cost: O(n + m).

    Raises
    ------
    ParameterError
        The graph cannot take these parameters, or they are a batch.
    """
    from scipy.sparse import csr_array

    what = "the matrices cannot be computed"
    parameters = checked_parameters(graph, theta, what=what)
    if parameters.ndim != 1:
        raise ParameterError(
            what,
            why="theta is a batch",
            resolution="give the matrices one theta at a time",
            expected=(graph.parameters,),
            actual=parameters.shape,
        )
    weight, probability = weights(graph, parameters), start_probabilities(graph, parameters)
    transient = ~graph.absorbing
    place = np.cumsum(transient) - 1
    count = int(transient.sum())

    alpha = np.zeros(count)
    starts = transient[graph.start]
    alpha[place[graph.start[starts]]] = probability[starts]

    ends = graph.absorbing[graph.target]
    leaving = np.bincount(place[graph.source], weight, minlength=count)
    exit_ = np.bincount(place[graph.source[ends]], weight[ends], minlength=count)
    diagonal = np.arange(count)
    stays = -leaving if graph.kind is Kind.CONTINUOUS else np.maximum(1.0 - leaving, 0.0)
    matrix = csr_array(
        (
            np.concatenate([weight[~ends], stays]),
            (
                np.concatenate([place[graph.source[~ends]], diagonal]),
                np.concatenate([place[graph.target[~ends]], diagonal]),
            ),
        ),
        shape=(count, count),
    )
    return Matrices(alpha, matrix, exit_)


def from_matrices(
    alpha: npt.ArrayLike,
    S: Any,  # noqa: N803 - the name that the literature has
    *,
    exit: npt.ArrayLike | None = None,
    kind: Kind = Kind.CONTINUOUS,
    states: npt.ArrayLike | None = None,
) -> Graph:
    """Return the graph of a phase-type distribution without parameters; all exits lead to one absorbing state.

    Parameters
    ----------
    alpha
        ``[t]``: the probability of starting in each transient state; entries of 0 are no starts.
    S
        ``[t, t]``, an array or a SciPy sparse matrix: the sub-intensity matrix, or in discrete time the
        sub-transition matrix. Entries of 0 are no edges.
    exit
        ``[t]``: what leaves to the absorbing state; left out: what the rows of S leave, a remainder of the size of
        rounding being 0.
    states
        ``[t + 1, d]``: names of the states, the last that of the absorbing one; left out: the row's number, and t.

    Raises
    ------
    GraphError
        They are no phase-type distribution: of shapes that do not fit, with negative rates, …
    """
    from scipy.sparse import coo_array, issparse

    start = checks.reals("alpha", alpha, dimensions=1)
    count = len(start)
    entries = coo_array(S) if issparse(S) else coo_array(checks.reals("S", S, dimensions=2))
    entries.sum_duplicates()
    value = checks.reals("S", entries.data, dimensions=1)
    if entries.shape != (count, count):
        raise GraphError(
            checks.WHAT,
            why="S does not fit alpha",
            expected=f"S of shape ({count}, {count})",
            actual=f"S of shape {entries.shape}, alpha of shape ({count},)",
            resolution="give a square matrix, with a row for each entry of alpha",
        )
    row, column = entries.coords
    kind = checks.member(Kind, "kind", kind)
    leaves = _exits(row, value, count, kind, exit)
    edge = (value != 0) & ((row != column) if kind is Kind.CONTINUOUS else True)
    ends = np.flatnonzero(leaves)
    base = np.concatenate([value[edge], leaves[ends]])
    starts = np.flatnonzero(start)
    return Graph(
        kind=kind,
        weight_mode=WeightMode.LINEAR,
        states=np.arange(count + 1)[:, None] if states is None else states,  # type: ignore[arg-type]
        source=np.concatenate([row[edge], ends]),
        target=np.concatenate([column[edge], np.full(len(ends), count)]),
        base=base,
        coefficients=np.zeros((len(base), 0)),
        start=starts,
        start_base=start[starts],
        start_coefficients=np.zeros((len(starts), 0)),
    )


def _exits(
    row: npt.NDArray[Any], value: Float64[np.ndarray, " k"], count: int, kind: Kind, given: npt.ArrayLike | None
) -> Float64[np.ndarray, " t"]:
    """Return what each row leaves, as given or by subtraction; both agree to rounding, and neither is negative."""
    sums = np.bincount(row, value, minlength=count)
    whole = 0.0 if kind is Kind.CONTINUOUS else 1.0
    left = whole - sums
    terms = np.bincount(row, minlength=count) + 2
    rounding = terms * np.finfo(np.float64).eps * (np.bincount(row, np.abs(value), minlength=count) + whole)
    if given is not None:
        leaves = checks.reals("exit", given, dimensions=1)
        checks.check_shape("exit", leaves, (count,))
        wrong = np.abs(leaves - left) > rounding
    else:
        leaves = np.where(np.abs(left) <= rounding, 0.0, left)
        wrong = leaves < 0
    if wrong.any():
        row_of_it = int(np.flatnonzero(wrong)[0])
        sum_of_it = float(sums[row_of_it])
        raise GraphError(
            checks.WHAT,
            why="a row of S lets out more than it has" if given is None else "a row of S does not fit exit",
            expected=f"rows that sum to at most {whole}"
            if given is None
            else f"rows of S and exit that sum to {whole}",
            actual=f"row {row_of_it} sums to {sum_of_it if given is None else sum_of_it + float(leaves[row_of_it])}",
            resolution="give the transient part of an intensity or transition matrix, with its diagonal",
        )
    return leaves
