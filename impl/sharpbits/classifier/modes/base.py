"""What every training mode offers: the circuit's values, one batch's gradient, one epoch. The numbers are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from sharpbits.classifier.errors import InvalidDataError
from sharpbits.classifier.loss import mean_loss
from sharpbits.classifier.parameters import Parameters
from sharpbits.classifier.precision import precision
from sharpbits.wide_types import wide_types


@dataclass(frozen=True)
class Setup:
    """What a mode is compiled for.

    Attributes
    ----------
    layers, wires
        The size of the circuit.
    dtype
        ``float32`` or ``float64``.
    device
        A PennyLane device, or ``statevector`` for the simulation of mode ``fused``.
    options
        Options of the device, as sorted pairs.
    """

    layers: int
    wires: int
    dtype: str
    device: str
    options: tuple[tuple[str, object], ...] = ()


class State(NamedTuple):
    """What an optimisation step changes; a JAX pytree."""

    parameters: Parameters
    optimiser: Any


#: ``(state, angles[N, n], labels[N], order[S, B], row_weights[S, B]) -> (state, loss of each step[S])``
Epoch = Callable[[State, jax.Array, jax.Array, jax.Array, jax.Array], tuple[State, jax.Array]]


class Mode(ABC):
    """One way of computing the circuit and its gradient.

    Every array that comes in is converted to the floating-point type of its setup, and every result has it.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.dtype = precision(setup.dtype)

    def expectation(self, weights: Any, angles: Any) -> jax.Array:
        """Return ``<Z0>`` of every row.

        Parameters
        ----------
        weights
            ``[layers, wires, 3]``, radians.
        angles
            ``[rows, wires]``, radians.

        Raises
        ------
        InvalidDataError
            A shape is not as said.
        """
        with wide_types():
            weights, angles = jnp.asarray(weights, self.dtype), jnp.asarray(angles, self.dtype)
            self._check(weights, angles)
            return self._expectation(weights, angles).astype(self.dtype)

    def gradient(
        self, parameters: Parameters, angles: Any, labels: Any, row_weights: Any = None
    ) -> tuple[jax.Array, Parameters]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        parameters
            Where.
        angles, labels
            ``[rows, wires]`` in radians, and ``[rows]`` of 0 and 1.
        row_weights
            ``[rows]``, not negative; by default all 1.

        Raises
        ------
        InvalidDataError
            A shape is not as said.
        """
        with wide_types():
            parameters = Parameters(*(jnp.asarray(leaf, self.dtype) for leaf in parameters))
            angles, labels = jnp.asarray(angles, self.dtype), jnp.asarray(labels, self.dtype)
            self._check(parameters.weights, angles)
            row_weights = jnp.ones_like(labels) if row_weights is None else jnp.asarray(row_weights, self.dtype)
            return self._gradient(parameters, angles, labels, row_weights)

    @abstractmethod
    def epoch(self, optimiser: optax.GradientTransformation) -> Epoch:
        """Return a function that runs all steps of one epoch; to be called within ``wide_types()``.

        The state that is given to it must not be used again: its memory may hold the new one.
        """

    @abstractmethod
    def _expectation(self, weights: jax.Array, angles: jax.Array) -> jax.Array: ...

    @abstractmethod
    def _gradient(
        self, parameters: Parameters, angles: jax.Array, labels: jax.Array, row_weights: jax.Array
    ) -> tuple[jax.Array, Parameters]: ...

    def _check(self, weights: jax.Array, angles: jax.Array) -> None:
        expected = (self.setup.layers, self.setup.wires, 3)
        if weights.shape != expected or angles.ndim != 2 or angles.shape[1] != self.setup.wires:
            raise InvalidDataError(
                "the circuit cannot be evaluated",
                why=f"weights have shape {weights.shape} and angles {angles.shape}",
                resolution=f"give weights of shape {expected} and angles of shape (rows, {self.setup.wires})",
            )


class JaxMode(Mode):
    """A mode whose batch of expectation values JAX differentiates; the steps of an epoch are a ``lax.scan``.

    Parameters
    ----------
    values
        ``(weights, angles[B, n]) -> [B]``, differentiable by JAX.
    """

    def __init__(self, setup: Setup, values: Callable[[jax.Array, jax.Array], jax.Array]) -> None:
        super().__init__(setup)

        def loss(parameters: Parameters, angles: jax.Array, labels: jax.Array, row_weights: jax.Array) -> jax.Array:
            expectations = values(parameters.weights, angles).astype(self.dtype)
            return mean_loss(parameters.alpha * expectations + parameters.bias, labels, row_weights)

        self._loss_and_gradient = jax.value_and_grad(loss)
        self._jitted_gradient = jax.jit(self._loss_and_gradient)
        self._jitted_values = jax.jit(values)

    def epoch(self, optimiser: optax.GradientTransformation) -> Epoch:
        """Return the epoch as one jitted scan that reuses the memory of the state it is given."""

        def run(
            state: State, angles: jax.Array, labels: jax.Array, order: jax.Array, row_weights: jax.Array
        ) -> tuple[State, jax.Array]:
            def step(state: State, batch: tuple[jax.Array, jax.Array]) -> tuple[State, jax.Array]:
                rows, weights = batch
                loss, gradient = self._loss_and_gradient(state.parameters, angles[rows], labels[rows], weights)
                updates, inner = optimiser.update(gradient, state.optimiser, state.parameters)
                return State(optax.apply_updates(state.parameters, updates), inner), loss

            return jax.lax.scan(step, state, (order, row_weights))

        return jax.jit(run, donate_argnums=0)

    def _expectation(self, weights: jax.Array, angles: jax.Array) -> jax.Array:
        values: jax.Array = self._jitted_values(weights, angles)
        return values

    def _gradient(
        self, parameters: Parameters, angles: jax.Array, labels: jax.Array, row_weights: jax.Array
    ) -> tuple[jax.Array, Parameters]:
        result: tuple[jax.Array, Parameters] = self._jitted_gradient(parameters, angles, labels, row_weights)
        return result
