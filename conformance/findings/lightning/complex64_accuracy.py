# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane>=0.41", "pennylane-lightning>=0.41", "numpy"]
#
# [tool.sharpbits]
# title = "c_dtype=complex64 on lightning.qubit: seven digits of value and gradient, as documented"
# component = "lightning"
# summary = """
# A plain QNode on lightning.qubit with c_dtype=np.complex64 and adjoint differentiation, compared with
# exact values. Value and gradient are off by about 1e-7, where complex128 is off by 1e-15: about nine
# digits less, and no more than single precision costs. The gradient loses no more than the value. Inside
# @qjit the option is ignored.
# """
# oracle = "dense state vector in NumPy, exact parameter-shift rule"
# see = ["catalyst/device_c_dtype_is_ignored", "lightning/complex64_finite_differences"]
# expect = [
#   { when = "pennylane-lightning>=0.41", outcome = ["ok"], seen = ["0.41.1", "0.42.0", "0.43.0", "0.44.0", "0.45.0", "0.46.0.dev15"] },
# ]
# ///
import json

import numpy as np
import pennylane as qml

WIRES, LAYERS = 3, 10


def circuit(weights):
    for layer in range(LAYERS):
        for wire in range(WIRES):
            qml.RY(weights[layer, wire, 0], wires=wire)
            qml.RZ(weights[layer, wire, 1], wires=wire)
        for wire in range(WIRES):
            qml.CNOT(wires=[wire, (wire + 1) % WIRES])
    return qml.expval(qml.PauliZ(0))


def exact_value(weights):
    """The circuit from a dense state vector: NumPy only, in complex128."""
    state = np.zeros((2,) * WIRES, complex)
    state[(0,) * WIRES] = 1.0
    for angles in weights:
        for wire, (a, b) in enumerate(angles):
            ry = np.array([[np.cos(a / 2), -np.sin(a / 2)], [np.sin(a / 2), np.cos(a / 2)]])
            gate = np.diag([np.exp(-0.5j * b), np.exp(0.5j * b)]) @ ry
            state = np.moveaxis(np.tensordot(gate, state, axes=(1, wire)), 0, wire)
        for wire in range(WIRES):  # CNOT: flip the target where the control is 1
            target = (wire + 1) % WIRES
            state = np.moveaxis(state, (wire, target), (0, 1)).copy()
            state[1] = state[1, ::-1].copy()
            state = np.moveaxis(state, (0, 1), (wire, target))
    probability = np.abs(state) ** 2
    return probability[0].sum() - probability[1].sum()


def exact_gradient(weights):
    """Every weight is one rotation angle, so the shift rule with pi/2 is exact, not an approximation."""
    gradient = np.zeros_like(weights)
    for index in np.ndindex(weights.shape):
        shift = np.zeros_like(weights)
        shift[index] = np.pi / 2
        gradient[index] = (exact_value(weights + shift) - exact_value(weights - shift)) / 2
    return gradient


def largest_errors(c_dtype, weights):
    device = qml.device("lightning.qubit", wires=WIRES, c_dtype=c_dtype)
    qnode = qml.QNode(circuit, device, diff_method="adjoint")
    gradient = np.asarray(qml.grad(qnode)(qml.numpy.array(weights, requires_grad=True)))
    value_error = abs(float(qnode(weights)) - exact_value(weights))
    return float(value_error), float(np.max(np.abs(gradient - exact_gradient(weights))))


if __name__ == "__main__":
    weights = np.random.default_rng(0).uniform(-np.pi, np.pi, (LAYERS, WIRES, 2))
    single = largest_errors(np.complex64, weights)
    double = largest_errors(np.complex128, weights)
    # Each gate rounds amplitudes of size at most 1 to single precision: 9 gates a layer, forward and back.
    tolerance = 2 * 9 * LAYERS * float(np.finfo(np.float32).eps)
    # Were the option ignored, the errors would be those of double precision.
    honoured = single[0] > 1e-10 or single[1] > 1e-10
    error = max(single) if honoured else float("inf")
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value" if honoured else "silent-fallback",
                "observed": list(single),
                "expected": "errors of single precision",
                "error": error,
                "tolerance": tolerance,
                "detail": "value and gradient off by {:.1e} and {:.1e}; with complex128 {:.1e} and {:.1e}".format(
                    *single, *double
                ),
            }
        )
    )
