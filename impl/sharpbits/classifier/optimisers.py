"""The optimisers, all of them optax's: the same ``update`` runs under ``jax.jit`` and inside ``@qjit``."""

from __future__ import annotations

from collections.abc import Callable

import optax

from sharpbits.errors import UsageError

OPTIMISERS: dict[str, Callable[[float], optax.GradientTransformation]] = {
    "adam": optax.adam,
    "sgd": optax.sgd,
    "momentum": lambda learning_rate: optax.sgd(learning_rate, momentum=0.9),
}


def optimiser(name: str, learning_rate: float) -> optax.GradientTransformation:
    """Return the optimiser of that name: ``adam``, ``sgd`` or ``momentum`` (0.9).

    Raises
    ------
    UsageError
        There is no such optimiser, or the learning rate is not a positive number.
    """
    if name not in OPTIMISERS:
        raise UsageError(
            "no such optimiser", why=f"{name!r} is none of {', '.join(OPTIMISERS)}", resolution="name one of them"
        )
    if not 0 < learning_rate < float("inf"):
        raise UsageError(
            "the learning rate cannot be used",
            why=f"{learning_rate} is not a positive finite number",
            resolution="give one such as 0.05",
        )
    return OPTIMISERS[name](learning_rate)
