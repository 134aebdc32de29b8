"""What evaluations are given besides a graph, checked: θ, rewards, and batches of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from sharpbits.errors import UsageError
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.numbers import is_known
from sharpbits.phasetype.weights import start_probabilities, weights


def check_theta(what: str, graph: Graph, theta: Any) -> None:
    """Refuse θ of another shape than ``[p]`` or ``[B, p]``, and where its values are known what a graph cannot take.

    Raises
    ------
    UsageError
        The shape does not fit.
    ParameterError
        The graph cannot take these parameters.
    """
    if theta.ndim not in (1, 2) or theta.shape[-1] != graph.parameters:
        raise UsageError(
            what,
            why="theta has the wrong shape",
            resolution=f"give theta [{graph.parameters}] or [B, {graph.parameters}]",
            theta=theta.shape,
        )
    if is_known(theta):
        weights(graph, np.asarray(theta, np.float64))
        start_probabilities(graph, np.asarray(theta, np.float64))


def check_rewards(what: str, graph: Graph, rewards: Any, *, several: bool) -> None:
    """Refuse rewards of another shape than ``[vertices]`` or ``[vertices, r]``; negative ones or NaN where known."""
    if rewards.ndim not in ((1, 2) if several else (1,)) or rewards.shape[0] != graph.vertices:
        raise UsageError(
            what,
            why="rewards have the wrong shape",
            resolution=f"give a reward for each of the {graph.vertices} states" + " (or a row of r)" * several,
            rewards=rewards.shape,
        )
    if is_known(rewards) and not (np.isfinite(rewards) & (np.asarray(rewards) >= 0)).all():
        raise UsageError(
            what,
            why="a reward is negative, infinite or NaN",
            resolution="give rewards of at least 0",
            rewards=rewards.shape,
        )


def over_theta(function: Callable[..., Any], theta: Any, *others: Any) -> Any:
    """Return a function of θ ``[p]``, or of each row of ``[B, p]``, and of the same others."""
    if theta.ndim == 1:
        return function(theta, *others)
    return jax.vmap(function, in_axes=(0, *[None] * len(others)))(theta, *others)
