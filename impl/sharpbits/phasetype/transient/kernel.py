"""The compiled kernel (``impl/native/phasetype``) behind JAX's foreign function interface: CPUs only.

Rows of a batch run over XLA's own threads. All arithmetic is in float64, whatever the arrays are given in.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from sharpbits.phasetype.library import load
from sharpbits.phasetype.transient.question import Question
from sharpbits.phasetype.transient.radau import radau_table

_jax: Any = jax  # parts of it have no types

#: How many states the kernel keeps for the way back; ``Checkpoints`` in ``uniformization.hpp``.
_KEPT = 64


def value(question: Question, weights: Any, start: Any, functional: Any, times: Any, state_times: Any) -> Any:
    """Return ``h(times)`` and the states at ``state_times``."""
    return _call(
        question, "value", _results(question, times, state_times), (weights, start, functional, times, state_times)
    )


def value_kept(question: Question, *arguments: Any) -> Any:
    """Return what :func:`value` does, the derivative of ``h`` by time, and what :func:`pull_back` wants to be given."""
    *_, times, state_times = arguments
    value, state = _results(question, times, state_times)
    kept = _jax.ShapeDtypeStruct((_KEPT * question.plan.vertices * 8,), np.uint8)
    progress = _jax.ShapeDtypeStruct((2,), np.int32)
    return _call(question, "value_kept", (value, state, value, kept, progress), arguments)


def pull_back(question: Question, arguments: Any, kept: Any, progress: Any, cotangents: Any) -> Any:
    """Return the cotangents of weights, start and functional for those of the value and of the states."""
    results = tuple(_jax.ShapeDtypeStruct(array.shape, array.dtype) for array in arguments[:3])
    return _call(question, "pull_back", results, (*arguments, kept, progress, *cotangents))


def _results(question: Question, times: Any, state_times: Any) -> tuple[Any, Any]:
    return (
        _jax.ShapeDtypeStruct(times.shape, times.dtype),
        _jax.ShapeDtypeStruct((*state_times.shape, question.plan.vertices), times.dtype),
    )


def _call(question: Question, what: str, results: Any, operands: Any) -> Any:
    load()
    name = f"sharpbits_phasetype_{what}_{'f32' if operands[0].dtype == np.float32 else 'f64'}"
    # Under vmap the kernel is given the mapped axes as they are: it knows batches of chains, starts and times.
    call = _jax.ffi.ffi_call(name, results, vmap_method="expand_dims")
    return call(
        question.plan.packed,
        question.elimination(),
        *operands,
        discrete=np.int64(question.discrete),
        tolerance=np.float64(question.tolerance),
        most_steps=np.float64(question.most_steps),
        radau=radau_table(),
        threads=np.int64(0),
    )
