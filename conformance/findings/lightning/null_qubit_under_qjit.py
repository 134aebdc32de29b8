# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "null.qubit under @qjit compiles, runs and returns 0 for every expectation value"
# component = "lightning"
# summary = """
# A QNode on null.qubit, a device for timing that simulates nothing, is compiled with @qjit. It compiles and
# runs like any other; every expectation value is 0, and so is every parameter-shift gradient. This is by
# design, and nothing in the result tells.
# """
# oracle = "the cosine of the angle and its derivative"
# workaround = "lightning.qubit for results; null.qubit for timings only"
# see = ["lightning/default_qubit_under_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-value"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("null.qubit", wires=1), diff_method="parameter-shift")
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


@catalyst.qjit
def value_and_gradient(angle):
    return catalyst.value_and_grad(circuit)(angle)


if __name__ == "__main__":
    observed = [float(number) for number in value_and_gradient(0.5)]
    expected = [float(np.cos(0.5)), float(-np.sin(0.5))]
    error = max(abs(got - want) for got, want in zip(observed, expected, strict=True))
    tolerance = 8 * float(np.finfo(np.float64).eps)  # one gate, one sum
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
