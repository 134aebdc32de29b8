# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A float32 weight cast to float64 inside a differentiated loss crashes the compiler"
# component = "catalyst"
# summary = """
# To mix float32 weights with the float64 results of QNodes, a loss casts the weights to float64 before
# the circuit. The forward pass compiles and is right; catalyst.grad of the same loss kills the compiler
# process with SIGSEGV. Without the cast, or with float64 weights, it compiles.
# """
# oracle = "closed-form derivative of cos(w)**2 in NumPy"
# workaround = "cast before the differentiated function, or not at all"
# see = ["catalyst/dtype_of_grad_for_float32_weights"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["crash"], match = 'error code -', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=1), diff_method="adjoint")
def circuit(weights):
    qml.RX(weights[0], wires=0)
    return qml.expval(qml.PauliZ(0))


def loss(weights):
    return circuit(weights.astype(jnp.float64)) ** 2


if __name__ == "__main__":
    weights = np.array([0.5], dtype=np.float32)
    observed = float(catalyst.qjit(catalyst.grad(loss))(weights)[0])  # CompileError: the compiler crashes
    expected = float(-2.0 * np.cos(0.5) * np.sin(0.5))
    error = abs(observed - expected)
    tolerance = 10 * float(np.finfo(np.float32).eps)  # 0.5 is exact, the derivative rounded
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
