"""The one circuit of the classifier, for PennyLane: angle encoding, layers of rotations, rings of CNOTs.

``Rot`` is spelled RZ, RY, RZ, because ``Rot`` has no adjoint derivative on every device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


def circuit(wires: int) -> Callable[[jax.Array, jax.Array], Any]:
    """Return the quantum function ``f(weights[layers, wires, 3], angles[wires]) -> <Z0>`` to make a QNode of.

    Feature ``angles[i]`` turns wire ``i`` by RY. Each layer then turns every wire by RZ, RY, RZ (``weights[l, i, 0]``,
    ``1``, ``2``, in that order in time) and entangles them by CNOTs ``(i, i + 1 mod wires)`` for ``i = 0, 1, …``; one
    wire has no CNOT, two have ``(0, 1)`` and ``(1, 0)``.
    """
    import pennylane as qml

    def quantum_function(weights: jax.Array, angles: jax.Array) -> Any:
        for wire in range(wires):
            qml.RY(angles[wire], wires=wire)
        for layer in range(weights.shape[0]):
            rotations(weights[layer])
            ring(wires)
        return qml.expval(qml.PauliZ(0))

    return quantum_function


def rotations(angles: jax.Array) -> None:
    """Turn every wire by RZ, RY, RZ, with its row of ``angles[wires, 3]``."""
    import pennylane as qml

    for wire in range(angles.shape[0]):
        qml.RZ(angles[wire, 0], wires=wire)
        qml.RY(angles[wire, 1], wires=wire)
        qml.RZ(angles[wire, 2], wires=wire)


def ring(wires: int) -> None:
    """Entangle the wires by CNOTs ``(i, i + 1 mod wires)``; one wire has none."""
    import pennylane as qml

    if wires > 1:
        for wire in range(wires):
            qml.CNOT(wires=[wire, (wire + 1) % wires])
