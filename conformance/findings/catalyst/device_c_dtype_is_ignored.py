# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "lightning.qubit's c_dtype=np.complex64 is silently ignored inside @qjit"
# component = "catalyst"
# family = "results_in_double_precision"
# summary = """
# qml.device("lightning.qubit", c_dtype=np.complex64) asks for a single-precision simulator: half the
# memory of the state vector. Without @qjit that is what runs. Inside @qjit the option is dropped without
# a word: the state is complex128 and accurate to double precision, and so are its memory and its cost.
# """
# oracle = "dtype and rounding error of the same QNode without @qjit; values in NumPy"
# workaround = "run the QNode without @qjit where single precision matters"
# see = ["catalyst/dtype_of_state_for_complex64_input"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["silent-fallback"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)


@qml.qnode(qml.device("lightning.qubit", wires=1, c_dtype=np.complex64))
def circuit(angle):
    qml.RX(angle, wires=0)
    return qml.state()


if __name__ == "__main__":
    exact = np.array([np.cos(0.15), -1j * np.sin(0.15)])
    compiled, interpreted = np.asarray(catalyst.qjit(circuit)(0.3)), np.asarray(circuit(0.3))
    compiled_error, interpreted_error = (float(np.max(np.abs(s - exact))) for s in (compiled, interpreted))

    def precision(state, rounding):
        # A state computed in single precision cannot be this close: cos(0.15) is no float32 number.
        return [str(state.dtype), "double" if rounding < np.finfo(np.float32).eps / 100 else "single"]

    observed, expected = precision(compiled, compiled_error), precision(interpreted, interpreted_error)
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "silent-fallback",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"rounding {compiled_error:.1e} inside @qjit, {interpreted_error:.1e} without",
            }
        )
    )
