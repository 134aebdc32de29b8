"""The circuit of the classifier for a whole batch at once, differentiable by JAX, without a PennyLane device.

::

    z = expectation(weights, angles)  # weights[layers, wires, 3], angles[rows, wires] -> <Z0>[rows]

================  ====================================================================================
``expectation``   the one function: arguments checked, derivatives, batches of batches
``kernel``        on CPUs: compiled C++ (``impl/native/classifier``) behind JAX's foreign calls
``portable``      on every other platform: the same method in ``jax.numpy``
================  ====================================================================================
"""

from sharpbits.classifier.fused.expectation import IMPLEMENTATIONS, expectation

__all__ = ["IMPLEMENTATIONS", "expectation"]
