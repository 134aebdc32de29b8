"""Gradients of a QNode over a batch, inside ``@qjit``, that are right on every release of Catalyst.

What must not be done is to differentiate through the batching: ``catalyst.grad`` of a loss that maps, scans or loops
over the samples is silently wrong or does not compile (findings ``catalyst/grad_over_lax_map`` and those it names).
Here each sample's QNode is differentiated bare, and the classical chain rule is applied outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from packaging.version import Version

#: Before this release ``value_and_grad`` with data of another shape did not compile
#: (finding ``catalyst/value_and_grad_with_data_argument``); value and gradient are computed apart there.
_VALUE_WITH_GRADIENT = Version("0.15.0")


def values_and_gradients(
    qnode: Callable[[Any, Any], Any],
) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Return ``f(weights, batch) -> (values, gradients)``: a QNode at every row of a batch, to call inside ``@qjit``.

    Method: ``catalyst.vmap`` of ``catalyst.value_and_grad`` of the bare QNode. Cost: one adjoint pass a row.

    Parameters
    ----------
    qnode
        A QNode of ``(weights, row)`` that returns one expectation value.

    Returns
    -------
    values, gradients
        ``[rows]`` and ``[rows, *weights.shape]``: each row's value, and its derivative with respect to the weights.

    Examples
    --------
    ::

        import catalyst
        import jax.numpy as jnp
        import pennylane as qml

        from sharpbits.classifier import values_and_gradients


        @qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
        def circuit(weight, x):
            qml.RX(weight * x, wires=0)
            return qml.expval(qml.PauliZ(0))


        @catalyst.qjit
        def slope(weight, batch):
            values, gradients = values_and_gradients(circuit)(weight, batch)
            return jnp.sum(gradients)


        print(slope(0.3, jnp.array([1.0, 2.0, 3.0])))  # -sum(x * sin(0.3 * x)) = -3.7748
    """
    import catalyst

    mapped = {"in_axes": (None, 0)}
    if Version(Version(catalyst.__version__).base_version) >= _VALUE_WITH_GRADIENT:
        return catalyst.vmap(catalyst.value_and_grad(qnode), **mapped)  # type: ignore[no-any-return]

    def apart(weights: jax.Array, batch: jax.Array) -> tuple[jax.Array, jax.Array]:
        values = catalyst.vmap(qnode, **mapped)(weights, batch)
        return values, catalyst.vmap(catalyst.grad(qnode), **mapped)(weights, batch)

    return apart


def mean_loss_and_gradient(
    qnode: Callable[[Any, Any], Any], loss: Callable[..., Any]
) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """Return ``f(weights, batch, *columns) -> (mean loss, its gradient)``, to call inside ``@qjit``.

    Method: :func:`values_and_gradients` of the QNode, ``jax.jvp`` of the classical loss, chain rule between them.

    Parameters
    ----------
    qnode
        A QNode of ``(weights, row)`` that returns one expectation value.
    loss
        A function in ``jax.numpy`` of ``(value, *entries)``: one row's expectation value and its entries of the
        columns, e.g. its label.

    Returns
    -------
    loss, gradient
        The mean over the rows, and its derivative with respect to the weights, of their shape.

    Examples
    --------
    ::

        import catalyst
        import jax.numpy as jnp
        import pennylane as qml

        from sharpbits.classifier import mean_loss_and_gradient


        @qml.qnode(qml.device("lightning.qubit", wires=2), diff_method="adjoint")
        def circuit(weights, x):
            for wire in range(2):
                qml.RY(x[wire], wires=wire)
                qml.RX(weights[wire], wires=wire)
            qml.CNOT(wires=[0, 1])
            return qml.expval(qml.PauliZ(1))


        def squared_error(value, label):
            return (value - label) ** 2


        training_step = catalyst.qjit(mean_loss_and_gradient(circuit, squared_error))

        weights = jnp.array([0.1, 0.2])
        batch = jnp.array([[0.3, 0.4], [0.5, 0.6], [0.7, 0.8]])
        labels = jnp.array([1.0, -1.0, 1.0])
        loss, gradient = training_step(weights, batch, labels)
        print(loss, gradient)
    """

    def loss_and_slope(value: jax.Array, *entries: jax.Array) -> tuple[jax.Array, jax.Array]:
        # Forward mode: jax.grad inside qjit is zero behind a jitted function, such as softplus or jnp.where (finding
        # catalyst/jax_grad_of_a_jitted_function).
        return jax.jvp(lambda at: loss(at, *entries), (value,), (jnp.ones_like(value),))

    def mean_and_gradient(weights: jax.Array, batch: jax.Array, *columns: jax.Array) -> tuple[jax.Array, jax.Array]:
        values, gradients = values_and_gradients(qnode)(weights, batch)
        row_losses, row_slopes = jax.vmap(loss_and_slope)(values, *columns)
        return jnp.mean(row_losses), jnp.tensordot(row_slopes, gradients, axes=1) / batch.shape[0]

    return mean_and_gradient
