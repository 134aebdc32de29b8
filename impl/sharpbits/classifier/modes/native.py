"""Mode ``native``: the whole optimisation loop, steps, minibatches, gradients and updates, inside one ``@qjit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from sharpbits.classifier.loss import mean_loss, slopes
from sharpbits.classifier.modes.base import Epoch, Mode, Setup, State
from sharpbits.classifier.modes.devices import qnode, require
from sharpbits.classifier.modes.short_circuit import bloch_vectors, derivatives, short_circuit, turns
from sharpbits.classifier.parameters import Parameters


class Native(Mode):
    """Compiled by Catalyst as a whole: no call from JAX into a kernel, no batch outside it.

    The QNode, shortened (:mod:`sharpbits.classifier.modes.short_circuit`), is differentiated bare; the classical chain
    rule is applied outside it, because a gradient through the batching is silently wrong or does not compile (findings
    ``catalyst/grad_over_lax_map`` and those it names). The update is optax's, traced into the same program.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        require("catalyst", "the mode native", "catalyst")
        self._node = qnode(setup, short_circuit(setup.layers, setup.wires))
        self._programs: dict[tuple[object, ...], Any] = {}

    def epoch(self, optimiser: optax.GradientTransformation) -> Epoch:
        """Return the epoch as one compiled program for each shape of its arguments."""
        import catalyst

        def run(
            state: State, angles: jax.Array, labels: jax.Array, order: jax.Array, row_weights: jax.Array
        ) -> tuple[State, jax.Array]:
            steps = order.shape[0]

            @catalyst.for_loop(0, steps, 1)  # type: ignore[untyped-decorator]
            def loop(step: jax.Array, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
                state, step_losses = carry
                rows = jnp.take(order, step, axis=0)
                loss, gradient = self._traced_gradient(
                    state.parameters,
                    jnp.take(angles, rows, axis=0),
                    jnp.take(labels, rows, axis=0),
                    jnp.take(row_weights, step, axis=0),
                )
                updates, inner = optimiser.update(gradient, state.optimiser, state.parameters)
                parameters = optax.apply_updates(state.parameters, updates)
                return State(parameters, inner), step_losses.at[step].set(loss)

            return loop((state, jnp.zeros(steps, self.dtype)))  # type: ignore[no-any-return]

        programs: dict[tuple[object, ...], Any] = {}
        return lambda *arguments: _program(programs, run, arguments)(*arguments)

    def _expectation(self, weights: jax.Array, angles: jax.Array) -> jax.Array:
        import catalyst

        def values(weights: jax.Array, angles: jax.Array) -> Any:
            weights, angles = _wide(weights, angles)
            return catalyst.vmap(self._node)(turns(weights, bloch_vectors(weights, angles)))

        return jnp.asarray(_program(self._programs, values, (weights, angles))(weights, angles))

    def _gradient(
        self, parameters: Parameters, angles: jax.Array, labels: jax.Array, row_weights: jax.Array
    ) -> tuple[jax.Array, Parameters]:
        arguments = (parameters, angles, labels, row_weights)
        return _program(self._programs, self._traced_gradient, arguments)(*arguments)  # type: ignore[no-any-return]

    def _traced_gradient(
        self, parameters: Parameters, angles: jax.Array, labels: jax.Array, row_weights: jax.Array
    ) -> tuple[jax.Array, Parameters]:
        import catalyst

        weights, angles = _wide(parameters.weights, angles)
        bloch = bloch_vectors(weights, angles)
        values, of_turns = catalyst.vmap(catalyst.value_and_grad(self._node))(turns(weights, bloch))
        values, jacobian = values.astype(self.dtype), derivatives(weights, bloch, of_turns).astype(self.dtype)
        logits = parameters.alpha * values + parameters.bias
        row_slopes = row_weights * slopes(logits, labels) / jnp.sum(row_weights)
        gradient = Parameters(
            weights=parameters.alpha * jnp.tensordot(row_slopes, jacobian, axes=1),
            bias=jnp.sum(row_slopes),
            alpha=jnp.sum(row_slopes * values),
        )
        return mean_loss(logits, labels, row_weights), gradient


def _wide(*arrays: jax.Array) -> tuple[jax.Array, ...]:
    """Return float64: Lightning computes in double precision whatever it is given, and so does what leads there."""
    return tuple(array.astype(jnp.float64) for array in arrays)


def _program(programs: dict[tuple[object, ...], Any], function: Callable[..., Any], arguments: Any) -> Any:
    """Return the compiled function for arguments of these shapes.

    One ``qjit`` object a shape, because an object keeps one compilation and forgets it when shapes alternate (finding
    ``catalyst/recompiles_when_shapes_alternate``).
    """
    import catalyst

    key = (function.__name__, *((leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(arguments)))
    if key not in programs:
        programs[key] = catalyst.qjit(function, autograph=False)
    return programs[key]
