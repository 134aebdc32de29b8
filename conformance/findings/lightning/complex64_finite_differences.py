# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane>=0.41", "pennylane-lightning>=0.41", "numpy"]
#
# [tool.sharpbits]
# title = "Finite differences with c_dtype=complex64 on lightning.qubit give noise for a gradient"
# component = "lightning"
# summary = """
# A plain QNode on lightning.qubit with c_dtype=np.complex64 and diff_method="finite-diff". The default step
# of 1e-7 is as small as the rounding error of the values, so the gradient is noise of size one, without a
# warning. With a step of 1e-2 it is right to three digits, with adjoint to six.
# """
# oracle = "dense state vector in NumPy, exact parameter-shift rule"
# workaround = "diff_method='adjoint', or gradient_kwargs={'h': 1e-2}"
# see = ["lightning/complex64_accuracy"]
# expect = [
#   { when = "pennylane-lightning>=0.41", outcome = ["wrong-gradient"], seen = ["0.41.1", "0.42.0", "0.43.0", "0.44.0", "0.45.0", "0.46.0.dev15"] },
# ]
# ///
import json

import numpy as np
import pennylane as qml

WIRES, LAYERS = 3, 2


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


def largest_error(weights, **options):
    device = qml.device("lightning.qubit", wires=WIRES, c_dtype=np.complex64)
    qnode = qml.QNode(circuit, device, **options)
    gradient = np.asarray(qml.grad(qnode)(qml.numpy.array(weights, requires_grad=True)))
    return float(np.max(np.abs(gradient - exact_gradient(weights)))), gradient


if __name__ == "__main__":
    weights = np.random.default_rng(0).uniform(-np.pi, np.pi, (LAYERS, WIRES, 2))
    error, observed = largest_error(weights, diff_method="finite-diff")
    step = 1e-2
    larger_step = largest_error(weights, diff_method="finite-diff", gradient_kwargs={"h": step})[0]
    adjoint = largest_error(weights, diff_method="adjoint")[0]
    # What a well chosen step allows in single precision: half the step for the second derivative, at most 1, and
    # twice the rounding error of some twenty gates over the step.
    tolerance = step / 2 + 2 * 20 * float(np.finfo(np.float32).eps) / step
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.ravel().tolist(),
                "expected": exact_gradient(weights).ravel().tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"step 1e-7 off by {error:.1e}, step {step} by {larger_step:.1e}, adjoint by {adjoint:.1e}",
            }
        )
    )
