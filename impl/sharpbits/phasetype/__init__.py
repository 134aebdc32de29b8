"""Phase-type graphs: the time until a Markov chain is absorbed, as a graph with weights that depend on parameters.

>>> from sharpbits.phasetype import GraphBuilder
>>> builder = GraphBuilder(parameters=1)
>>> builder.start((2,))
>>> builder.edge((2,), (1,), coefficients=[1.0])
>>> builder.build().vertices
2

The algorithm: Røikjer, Hobolth, Munch, "Graph-based algorithms for phase-type distributions", Statistics and Computing
32:103 (2022).
"""

import importlib
from typing import TYPE_CHECKING, Any

from sharpbits.extras import needs_extra
from sharpbits.phasetype.assembly import MAX_STATES
from sharpbits.phasetype.builder import GraphBuilder
from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.errors import GraphError, MissingPackageError, ParameterError, TraceError, UnknownStateError
from sharpbits.phasetype.exploration import explore
from sharpbits.phasetype.given import Start, State, Weight
from sharpbits.phasetype.graph import Graph, Kind, WeightMode
from sharpbits.phasetype.hierarchy import record_hierarchically
from sharpbits.phasetype.matrices import Matrices, from_matrices, to_matrices
from sharpbits.phasetype.models import READY_MODELS, Model, block_counting, coalescent, mm1k, ready_model, two_island
from sharpbits.phasetype.storage import load, save
from sharpbits.phasetype.trace import Trace, record
from sharpbits.phasetype.vectorised import Transitions, explore_vectorised

if TYPE_CHECKING:
    from sharpbits.phasetype import epochs
    from sharpbits.phasetype.density import cdf, pdf, pmf, survival
    from sharpbits.phasetype.laplace_transform import laplace
    from sharpbits.phasetype.quantiles import quantile
    from sharpbits.phasetype.reward_moments import covariance, moments
    from sharpbits.phasetype.sampling import Samples, sample

__all__ = [
    "MAX_STATES",
    "READY_MODELS",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "Kind",
    "Matrices",
    "Model",
    "ParameterError",
    "Samples",
    "Start",
    "State",
    "Trace",
    "TraceCache",
    "TraceError",
    "Transitions",
    "UnknownStateError",
    "Weight",
    "WeightMode",
    "block_counting",
    "cdf",
    "coalescent",
    "covariance",
    "epochs",
    "explore",
    "explore_vectorised",
    "from_matrices",
    "laplace",
    "load",
    "mm1k",
    "moments",
    "pdf",
    "pmf",
    "quantile",
    "ready_model",
    "record",
    "record_hierarchically",
    "sample",
    "save",
    "survival",
    "to_matrices",
    "two_island",
]

#: What needs JAX, and in which module it is: graphs and traces are built, recorded, replayed and kept without it.
_WITH_JAX = {
    "Samples": "sampling",
    "cdf": "density",
    "covariance": "reward_moments",
    "epochs": "epochs",
    "laplace": "laplace_transform",
    "moments": "reward_moments",
    "pdf": "density",
    "pmf": "density",
    "quantile": "quantiles",
    "sample": "sampling",
    "survival": "density",
}


def __getattr__(name: str) -> Any:
    """Return what is imported only when it is asked for; without JAX it is an error, and an ImportError."""
    if name not in _WITH_JAX:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needs_extra(f"{__name__}.{name} cannot be used", "phasetype", kind=MissingPackageError):
        module = importlib.import_module(f"{__name__}.{_WITH_JAX[name]}")
    found = module if name == "epochs" else getattr(module, name)
    globals()[name] = found
    return found
