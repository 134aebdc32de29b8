# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A Python loop over x[wire] compiles to one slice, extract and gate per wire"
# component = "catalyst"
# summary = """
# An angle per wire is read with x[wire] in a Python loop. Each read becomes its own slice and extract in
# the compiled program, so the program, and the time to compile it, grow with wires times layers. The same
# loop as catalyst.for_loop reads through one dynamic slice, whatever the number of wires.
# """
# oracle = "slices and extracts in the MLIR of the same loop as catalyst.for_loop"
# upstream = ["https://github.com/PennyLaneAI/catalyst/issues/2606"]
# workaround = "catalyst.for_loop over the wires"
# see = ["catalyst/batch_is_outside_the_kernel"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["slow"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json
import re

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


def operations(wires, rotations):
    """Numbers of slice and of extract operations in the MLIR of a layer of RY rotations."""

    @catalyst.qjit(target="mlir")
    @qml.qnode(qml.device("lightning.qubit", wires=wires))
    def circuit(x):
        rotations(x)
        return qml.expval(qml.PauliZ(0))

    circuit(np.zeros(wires))
    text = circuit.mlir
    return [len(re.findall(op, text)) for op in (r"stablehlo\.(?:dynamic_)?slice", r"tensor\.extract ")]


def python_loop(x):
    for wire in range(len(x)):
        qml.RY(x[wire], wires=wire)


def catalyst_loop(x):
    @catalyst.for_loop(0, len(x), 1)
    def rotation(wire):
        qml.RY(x[wire], wires=wire)

    rotation()


if __name__ == "__main__":
    sizes = (2, 4, 8)
    observed = [operations(wires, python_loop) for wires in sizes]
    expected = [operations(wires, catalyst_loop) for wires in sizes]
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "slow",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"[slices, extracts] for {sizes} wires; expected: catalyst.for_loop",
            }
        )
    )
