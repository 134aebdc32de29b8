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

from sharpbits.phasetype.assembly import MAX_STATES
from sharpbits.phasetype.builder import GraphBuilder
from sharpbits.phasetype.errors import GraphError, ParameterError, UnknownStateError
from sharpbits.phasetype.exploration import explore
from sharpbits.phasetype.given import Start, State, Weight
from sharpbits.phasetype.graph import Graph, Kind, WeightMode
from sharpbits.phasetype.matrices import Matrices, from_matrices, to_matrices
from sharpbits.phasetype.models import READY_MODELS, Model, block_counting, coalescent, mm1k, ready_model, two_island
from sharpbits.phasetype.storage import load, save
from sharpbits.phasetype.vectorised import Transitions, explore_vectorised

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
    "Start",
    "State",
    "Transitions",
    "UnknownStateError",
    "Weight",
    "WeightMode",
    "block_counting",
    "coalescent",
    "explore",
    "explore_vectorised",
    "from_matrices",
    "load",
    "mm1k",
    "ready_model",
    "save",
    "to_matrices",
    "two_island",
]
