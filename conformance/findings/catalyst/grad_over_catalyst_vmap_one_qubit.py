# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "catalyst.grad over catalyst.vmap on one qubit, the upstream example: compiler abort"
# component = "catalyst"
# family = "grad_over_catalyst_vmap"
# summary = """
# The smallest batch gradient there is: RX(x) on one qubit, catalyst.vmap over three angles, the gradient of
# the sum inside @qjit. Pull request 2445 reports this program as working after an update of the compiler;
# in the released wheels, and in the pre-release, the compiler aborts on an internal assertion.
# """
# oracle = "closed form: -sin(x)"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/1912", "https://github.com/PennyLaneAI/catalyst/pull/2445"]
# workaround = "catalyst.vmap(catalyst.grad(qnode))"
# see = ["catalyst/grad_over_catalyst_vmap", "catalyst/vmap_of_bare_qnode_grad"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["crash"], match = 'Use leaves the current parent region', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(x):
    qml.RX(x, wires=0)
    return qml.expval(qml.PauliZ(0))


def loss(xs):
    return jnp.sum(catalyst.vmap(circuit)(xs))


if __name__ == "__main__":
    xs = np.array([0.1, 0.2, 0.3])

    observed = np.asarray(catalyst.qjit(catalyst.grad(loss))(xs))
    expected = -np.sin(xs)

    error = float(np.max(np.abs(observed - expected)))
    # One gate: a few roundings of numbers below 1.
    tolerance = 10 * np.finfo(np.float64).eps
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
