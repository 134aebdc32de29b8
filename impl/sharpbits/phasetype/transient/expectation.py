"""Expectations and states of a Markov chain at given times, by the compiled kernel or in ``jax.numpy``."""

from __future__ import annotations

import functools
import logging
from typing import Any

import jax
import jax.numpy as jnp

from sharpbits.errors import UsageError
from sharpbits.phasetype.library import load
from sharpbits.phasetype.transient import kernel, portable
from sharpbits.phasetype.transient.question import Question

logger = logging.getLogger(__name__)

_config: Any = jax.config  # has no types

#: ``kernel``: compiled C++, on CPUs, reverse mode. ``portable``: ``jax.numpy``, anywhere, forward and reverse mode.
#: ``auto``: the kernel where the computation is placed on a CPU, ``jax.numpy`` on any other platform, decided by JAX
#: when it compiles.
IMPLEMENTATIONS = ("auto", "kernel", "portable")


def expectation(
    question: Question,
    weights: Any,
    start: Any,
    functional: Any,
    times: Any,
    state_times: Any,
    *,
    implementation: str = "auto",
) -> tuple[Any, Any]:
    """Return ``start exp(Q t) functional`` at each time, and ``start exp(Q t)`` at each of the state times.

    In discrete time, ``P**t`` in place of ``exp(Q t)``.

    Parameters
    ----------
    question
        The chain's structure, and how exactly to evaluate it.
    weights
        ``[edges]``. Where one is negative or not finite, or in discrete time a state is left with more than certainty,
        all results are NaN.
    start, functional
        ``[vertices]``.
    times, state_times
        ``[count]`` each, finite and not negative. Elsewhere, and in discrete time between steps, the kernel gives NaN.
    implementation
        See :data:`IMPLEMENTATIONS`.

    Returns
    -------
    tuple
        ``[times]`` and ``[state_times, vertices]``.
    """
    arguments = tuple(jnp.asarray(one) for one in (weights, start, functional, times, state_times))
    by_kernel = functools.partial(_by_kernel, question)
    anywhere = functools.partial(portable.expectation, question)
    found: tuple[Any, Any] = by_platform(implementation, by_kernel, anywhere, *arguments)
    return found


def by_platform(implementation: str, by_kernel: Any, anywhere: Any, *arguments: Any) -> Any:
    """Call one of two functions: the compiled one on CPUs, or the one for anywhere."""
    check_implementation(implementation)
    if implementation == "portable":
        return anywhere(*arguments)
    load()
    if implementation == "kernel":
        return by_kernel(*arguments)
    if _only_cpus():
        logger.info("implementation auto: the compiled kernel, for JAX has CPUs only")
        return by_kernel(*arguments)
    logger.info("implementation auto: the compiled kernel on CPUs, jax.numpy elsewhere, as JAX places the computation")
    return jax.lax.platform_dependent(*arguments, cpu=by_kernel, default=anywhere)


def check_implementation(implementation: str) -> None:
    """Refuse what is no implementation."""
    if implementation not in IMPLEMENTATIONS:
        raise UsageError(
            "no such implementation",
            why=f"{implementation!r} is none of {', '.join(IMPLEMENTATIONS)}",
            resolution="name one of them",
        )


def _only_cpus() -> bool:
    """Return whether JAX has no other platform: then the other branch need not even be traced."""
    return jax.default_backend() == "cpu" and _config.jax_platforms in (None, "", "cpu")


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _by_kernel(question: Question, *arguments: Any) -> Any:
    return tuple(kernel.value(question, *arguments))


def _forward(question: Question, *arguments: Any) -> Any:
    value, states, slope, kept, progress = kernel.value_kept(question, *arguments)
    return (value, states), (arguments, states, slope, kept, progress)


def _backward(question: Question, residuals: Any, cotangents: Any) -> Any:
    arguments, states, slope, kept, progress = residuals
    by_arguments = kernel.pull_back(question, arguments, kept, progress, cotangents)
    if question.discrete:
        return (*by_arguments, jnp.zeros_like(arguments[3]), jnp.zeros_like(arguments[4]))
    flow = jax.vmap(functools.partial(portable.flow, question, arguments[0]))(states)
    return (*by_arguments, cotangents[0] * slope, jnp.sum(cotangents[1] * flow, axis=-1))


_by_kernel.defvjp(_forward, _backward)
