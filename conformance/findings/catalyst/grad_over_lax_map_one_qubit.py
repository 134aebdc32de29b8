# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad over jax.lax.map, one qubit, one weight: compiler or process dies"
# component = "catalyst"
# family = "grad_over_lax_map"
# summary = """
# The smallest circuit there is: RX(w * x) on one qubit, the sum over three x written with jax.lax.map in
# @qjit. The value is cos(w) + cos(2w) + cos(3w) to the last digit. Its gradient: on 0.12 Python itself is
# killed when the compiled gradient runs, on every other release the compiler process dies and no gradient
# comes out.
# """
# oracle = "closed form: -sum(x * sin(w * x))"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/1912"]
# instead = "sharpbits.classifier.values_and_gradients"
# workaround = "jax.grad of the sum over jax.vmap(qjit(qnode))"
# see = ["catalyst/grad_over_lax_map", "catalyst/jax_grad_of_vmap_of_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.12", outcome = ["crash"], seen = ["0.11.0"] },
#   { when = "pennylane-catalyst>=0.12", outcome = ["crash"], seen = ["0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
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
def circuit(w, x):
    qml.RX(w * x, wires=0)
    return qml.expval(qml.PauliZ(0))


def loss(w, xs):
    return jnp.sum(jax.lax.map(lambda x: circuit(w, x), xs))


if __name__ == "__main__":
    w, xs = 0.3, np.array([1.0, 2.0, 3.0])

    value = float(catalyst.qjit(loss)(w, xs))
    observed = float(catalyst.qjit(catalyst.grad(loss))(w, xs))
    expected = float(-np.sum(xs * np.sin(w * xs)))

    error = abs(observed - expected)
    # Three terms of size at most 3, each with a rounding error of a few eps.
    tolerance = 100 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"value off by {abs(value - np.sum(np.cos(w * xs))):.1e}",
            }
        )
    )
