"""Batches of one fixed shape: an epoch's permutation on the device, its last batch padded with rows of weight 0."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from sharpbits.classifier.precision import INDEX


def steps_of(rows: int, batch_size: int) -> int:
    """Return how many batches an epoch has.

    >>> steps_of(130, 64)
    3
    """
    return -(-rows // batch_size)


@functools.partial(jax.jit, static_argnames=("rows", "batch_size", "dtype"))
def epoch_order(key: jax.Array, rows: int, batch_size: int, dtype: str) -> tuple[jax.Array, jax.Array]:
    """Draw an epoch: which rows each batch holds, and what weight each has.

    Returns
    -------
    order, weights
        ``[steps, batch_size]`` both: row numbers, in which every row occurs once, and 1 for a row, 0 for padding.
    """
    steps = steps_of(rows, batch_size)
    order = jax.random.permutation(key, jnp.arange(rows, dtype=INDEX))
    padding = (0, steps * batch_size - rows)
    weights = jnp.pad(jnp.ones(rows, dtype), padding)
    return jnp.pad(order, padding).reshape(steps, batch_size), weights.reshape(steps, batch_size)
