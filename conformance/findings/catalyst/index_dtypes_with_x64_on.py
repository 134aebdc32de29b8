# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "int8 to int64 work as run-time wires and as run-time indices with x64 on"
# component = "catalyst"
# summary = """
# Run-time wires and array indices of every signed integer width compile and are right inside @qjit with
# jax_enable_x64 on. The failure of 32-bit wire arrays reported in 2024 is gone in all releases listed
# here.
# """
# oracle = "cosines of the angles in NumPy, placed on the chosen wires"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/613"]
# see = ["catalyst/unsigned_wires"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=4))
def circuit(angles, w8, w16, w32, w64):
    # Each entry is used twice: as an index into the angles and as a wire.
    for wires in (w8, w16, w32, w64):
        qml.RX(angles[wires[1]], wires=wires[1])
    return [qml.expval(qml.PauliZ(wire)) for wire in range(4)]


if __name__ == "__main__":
    angles = np.array([0.25, 0.5, 0.75, 1.0])
    order = [2, 0, 3, 1]
    wires = [np.array([9, w], dtype) for w, dtype in zip(order, (np.int8, np.int16, np.int32, np.int64))]
    observed = [float(value) for value in circuit(angles, *wires)]
    expected = np.cos(angles).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    tolerance = 100 * float(np.finfo(np.float64).eps)  # one rotation on each of four wires
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
