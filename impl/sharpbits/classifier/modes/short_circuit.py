"""The same expectation value with about half the gates: what mode ``native`` runs and differentiates.

An adjoint pass costs some five passes over the state for each rotation, wanted derivative or not, and two for each
CNOT. Three things of the circuit (:mod:`sharpbits.classifier.circuit`) can be left out without changing its value:

- The last ring of CNOTs. Carried through it, ``Z0`` becomes ``Z1 Z2 … Z(n-1)`` (for one wire it stays ``Z0``).
- What that observable does not see of the last layer: each wire's last RZ, and on wire 0 all three rotations.
- Encoding and first layer, RZ(c) RY(b) RZ(a) RY(x) on ``|0>``, only put each wire's Bloch vector somewhere on the
  sphere, at polar angle ``theta`` and azimuth ``phi``; RZ(phi) RY(theta) does it with two rotations instead of four.

The derivatives with respect to ``a``, ``b``, ``c`` follow from those of the two. Turning a wire about any axis ``w``
changes the value at the rate ``w · t``, with one vector ``t`` orthogonal to the Bloch vector: the derivatives about two
axes give it, and it gives every other. RZ and RY are two such axes except where the Bloch vector lies along RZ's own.
Near the poles a third rotation, RX of angle zero before the two, is there to be differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from sharpbits.classifier.circuit import ring, rotations

#: How near to a pole (radians) RX takes the place of RZ, whose derivative would be divided by less than 1/8.
_POLAR_CAP = 0.125


def _polar(theta: jax.Array) -> jax.Array:
    """Tell where ``theta`` is near a pole: comparisons only, so that it is the same inside and outside the QNode."""
    return (theta < _POLAR_CAP) | (theta > math.pi - _POLAR_CAP)


def _measured(layers: int, wires: int) -> list[int]:
    """Return the wires whose ``Z`` the observable is made of, once the last ring (no layer, no ring) is gone."""
    return [0] if wires == 1 or layers == 0 else list(range(1, wires))


def short_circuit(layers: int, wires: int) -> Callable[[jax.Array], Any]:
    """Return the quantum function ``f(turns[k]) -> <Z0>`` of the angles that :func:`turns` makes of a row."""
    import catalyst
    import pennylane as qml

    measured = _measured(layers, wires)

    def quantum_function(turns: jax.Array) -> Any:
        first, *later = _by_layer(turns, layers, wires)
        for wire in range(wires):
            near_a_pole = catalyst.cond(_polar(first[wire, 1]))(partial(_rx, first[wire, 0], wire))
            near_a_pole.otherwise(lambda: None)
            near_a_pole()
            qml.RY(first[wire, 1], wires=wire)
            qml.RZ(first[wire, 2], wires=wire)
        for middle in later[:-1]:
            ring(wires)
            rotations(middle)
        for last in later[-1:]:
            ring(wires)
            for place, wire in enumerate(measured):
                qml.RZ(last[place, 0], wires=wire)
                qml.RY(last[place, 1], wires=wire)
        factors = [qml.PauliZ(wire) for wire in measured]
        return qml.expval(factors[0] if len(factors) == 1 else qml.prod(*factors))

    return quantum_function


def _rx(angle: jax.Array, wire: int) -> None:
    import pennylane as qml

    qml.RX(angle, wires=wire)


class Bloch(NamedTuple):
    """Where encoding and first layer, without its last RZ, put each wire's Bloch vector, ``[rows, wires]``, radians."""

    #: Polar angle in [0, pi].
    theta: jax.Array
    azimuth: jax.Array


def bloch_vectors(weights: jax.Array, angles: jax.Array) -> Bloch:
    """Return the wires' Bloch vectors.

    Parameters
    ----------
    weights
        ``[layers, wires, 3]``, radians.
    angles
        ``[rows, wires]``: the features, radians.
    """
    first = _first_layer(weights)
    (sine, cosine), (sine_b, cosine_b) = ((jnp.sin(x), jnp.cos(x)) for x in (angles, first[:, 1]))
    x, y = jnp.cos(first[:, 0]) * sine, jnp.sin(first[:, 0]) * sine
    x, z = cosine_b * x + sine_b * cosine, cosine_b * cosine - sine_b * x
    return Bloch(jnp.arctan2(jnp.hypot(x, y), z), jnp.arctan2(y, x))


def _first_layer(weights: jax.Array) -> jax.Array:
    return weights[0] if weights.shape[0] > 0 else jnp.zeros(weights.shape[1:], weights.dtype)


def turns(weights: jax.Array, bloch: Bloch) -> jax.Array:
    """Return every row's angles for the short circuit.

    Parameters
    ----------
    weights
        ``[layers, wires, 3]``, radians.
    bloch
        What :func:`bloch_vectors` returned.

    Returns
    -------
    ``[rows, k]``: for each wire RX (always 0), RY and RZ; each middle layer's three; the last layer's RZ and RY on the
    wires that are measured.
    """
    theta, azimuth = bloch
    rows, (layers, wires, _) = theta.shape[0], weights.shape
    first = jnp.stack([jnp.zeros_like(theta), theta, azimuth + _first_layer(weights)[:, 2]], axis=-1)
    later = [layer.reshape(-1) for layer in weights[1:-1]]
    if layers > 1:
        later.append(weights[-1, _measured(layers, wires)[0] :, :2].reshape(-1))
    return jnp.concatenate(
        [first.reshape(rows, -1), *(jnp.broadcast_to(layer, (rows, layer.shape[0])) for layer in later)], axis=1
    )


def derivatives(weights: jax.Array, bloch: Bloch, of_turns: jax.Array) -> jax.Array:
    """Return the derivatives with respect to the weights, ``[rows, layers, wires, 3]``, from those of the turns.

    Parameters
    ----------
    weights, bloch
        As for :func:`turns`.
    of_turns
        ``[rows, k]``: the short circuit's derivative with respect to its angles.
    """
    layers, wires, _ = weights.shape
    if layers == 0:
        return jnp.zeros((of_turns.shape[0], *weights.shape), of_turns.dtype)
    first, *later = _by_layer(of_turns, layers, wires)
    theta, azimuth = bloch
    # In the frame turned back by phi the Bloch vector is (sin theta, 0, cos theta), and t has the components t_y along
    # y, RY's axis there, and t_x along (cos theta, 0, -sin theta), which is where RY takes RX's axis. RZ's own axis has
    # the component -sin theta along the latter.
    sine, cosine = jnp.sin(theta), jnp.cos(theta)
    polar = _polar(theta)
    t_y = first[..., 1]
    t_x = jnp.where(polar, first[..., 0], -first[..., 2] / jnp.where(polar, 1.0, sine))
    # The axes of RY(b) and RZ(a), after what follows them in time, in that frame.
    sine_b, cosine_b = jnp.sin(weights[0, :, 1]), jnp.cos(weights[0, :, 1])
    along, across = jnp.cos(azimuth), -jnp.sin(azimuth)
    about_b = along * t_y - across * cosine * t_x
    about_a = across * sine_b * t_y + (along * sine_b * cosine - cosine_b * sine) * t_x
    of_layers = [jnp.stack([about_a, about_b, first[..., 2]], axis=-1), *later]
    if layers > 1:  # what the observable does not see has derivative zero
        of_layers[-1] = jnp.pad(later[-1], ((0, 0), (_measured(layers, wires)[0], 0), (0, 1)))
    return jnp.stack(of_layers, axis=1)


def _by_layer(turns: jax.Array, layers: int, wires: int) -> list[jax.Array]:
    """Split angles ``[..., k]`` into ``[..., wires, 3]`` for each layer but a last, which is ``[..., measured, 2]``."""
    shape, size = turns.shape[:-1], 3 * wires
    full = max(layers - 1, 1)
    parts = [turns[..., layer * size : (layer + 1) * size].reshape(*shape, wires, 3) for layer in range(full)]
    if layers > 1:
        parts.append(turns[..., full * size :].reshape(*shape, len(_measured(layers, wires)), 2))
    return parts
