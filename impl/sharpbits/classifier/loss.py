"""Binary cross entropy from logits, ``softplus(l) - y * l``, and its slope ``sigmoid(l) - y``.

Written so that neither overflows nor cancels for logits of any size: a logit of 10,000 has loss 0 or 10,000, and slope
0 or 1, exactly.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


@jax.custom_jvp
def losses(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the loss of each row.

    Method: ``max(l, 0) - y*l + log1p(exp(-|l|))``, which is ``softplus(l) - y*l`` with no large numbers subtracted.
    Its derivative with respect to the logit is given, because those of ``max`` and ``|l|`` do not add up at 0.

    Parameters
    ----------
    logits
        Any shape, float32 or float64.
    labels
        0 or 1, of the same shape and type.
    """
    return jnp.maximum(logits, 0) - labels * logits + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def slopes(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the derivative of each row's loss with respect to its logit."""
    return jax.nn.sigmoid(logits) - labels


@losses.defjvp
def _losses_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (logits, labels), (along_logits, along_labels) = primals, tangents
    return losses(logits, labels), slopes(logits, labels) * along_logits - logits * along_labels


def mean_loss(logits: jax.Array, labels: jax.Array, row_weights: jax.Array) -> jax.Array:
    """Return the weighted mean of the rows' losses; rows of weight 0 (the padding of a last batch) do not count."""
    return jnp.sum(row_weights * losses(logits, labels)) / jnp.sum(row_weights)
