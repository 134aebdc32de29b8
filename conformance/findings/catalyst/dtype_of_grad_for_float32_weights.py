# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad of a QNode is float32 for float32 weights, as it should be"
# component = "catalyst"
# summary = """
# The gradient of a QNode with respect to float32 weights has the dtype of the weights, the rule that
# jax.grad follows, although the value that catalyst.value_and_grad returns with it is float64. The
# gradient is right to single precision.
# """
# oracle = "dtype: the dtype of the weights (rule of jax.grad); value: closed-form derivative in NumPy"
# see = ["catalyst/dtype_of_expval_for_float32_input", "catalyst/float32_cast_in_differentiated_loss"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=2))
def circuit(weights):
    qml.RX(weights[0], wires=0)
    qml.RX(weights[1], wires=1)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


def closed_form(weights):
    return jnp.prod(jnp.cos(weights))


if __name__ == "__main__":
    weights = np.array([0.25, 0.5], dtype=np.float32)
    value, gradient = catalyst.qjit(catalyst.value_and_grad(circuit))(weights)
    same_function = jax.grad(closed_form)(weights)

    exact = -np.array([np.sin(0.25) * np.cos(0.5), np.cos(0.25) * np.sin(0.5)])
    gradient_error = float(np.max(np.abs(np.asarray(gradient) - exact)))
    # The weights are exact in float32, the circuit runs in double, the gradient is rounded to float32 once.
    value_is_right = gradient_error <= np.finfo(np.float32).eps

    observed = [str(gradient.dtype), bool(value_is_right)]
    expected = [str(same_function.dtype), True]
    error, tolerance = sum(a != b for a, b in zip(observed, expected)), 0
    detail = f"gradient off by {gradient_error:.1e}; the value beside it is {value.dtype}"
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": detail,
            }
        )
    )
