# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A run-time wire of an unsigned integer type does not compile"
# component = "catalyst"
# family = "unsigned_integers_lose_their_sign"
# summary = """
# Wires taken from a uint8 (or uint16, uint32) array are refused by the compiler with "'arith.extui' op
# operand #0 must be signless-fixed-width-integer-like". The same array as int8 to int64 compiles, and
# unsigned numbers work as array indices.
# """
# oracle = "cosine of the angle, NumPy"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/613"]
# workaround = "wires.astype(np.int64) before the call"
# see = ["catalyst/index_dtypes_with_x64_on", "catalyst/unsigned_results_come_back_signed"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["compile-error"], match = 'arith.extui. op operand', seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=2))
def circuit(angle, wires):
    qml.RX(angle, wires=wires[0])
    return qml.expval(qml.PauliZ(1))


if __name__ == "__main__":
    observed = float(circuit(0.5, np.array([1, 0], dtype=np.uint8)))  # CompileError
    expected = float(np.cos(0.5))
    error = abs(observed - expected)
    tolerance = 100 * float(np.finfo(np.float64).eps)  # one rotation
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
