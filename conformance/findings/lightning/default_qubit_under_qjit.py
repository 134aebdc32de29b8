# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "default.qubit is refused by @qjit: the pure-Python device has no compiled runtime"
# component = "lightning"
# summary = """
# A QNode on default.qubit is compiled with @qjit. Catalyst has no runtime for that device and refuses at
# compile time, with a message about a configuration file that does not exist and does not say that the
# device is unsupported.
# """
# oracle = "the cosine of the angle"
# workaround = "lightning.qubit"
# see = ["lightning/null_qubit_under_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'default_qubit.toml. does not exist|incompatible device', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("default.qubit", wires=1))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    observed, expected = float(circuit(0.5)), float(np.cos(0.5))
    error = abs(observed - expected)
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
