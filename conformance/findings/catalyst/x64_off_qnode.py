# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.8.1", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=False: no QNode compiles since 0.10, not even one without arrays or indices"
# component = "catalyst"
# family = "x64_off_qnode"
# summary = """
# With jax_enable_x64 switched off after the import of catalyst, every QNode inside @qjit is refused with
# "'tensor.extract' op failed to verify" and "Failed to parse module as LLVM or MLIR source". The constant
# in the message is the device's number of shots, traced as a 32-bit integer but read as a 64-bit one;
# nothing the user wrote has the wrong type. A regression: up to 0.9.0 such QNodes compiled.
# """
# oracle = "cosine of the rotation angle, NumPy"
# workaround = "leave x64 on and use float32 arrays"
# see = [
#   "catalyst/x64_on_float32_arrays",
#   "catalyst/x64_on_around_the_call",
#   "catalyst/x64_off_without_a_qnode",
# ]
# expect = [
#   { when = "pennylane-catalyst>=0.8.1,<0.10", outcome = ["ok"], seen = ["0.8.1", "0.9.0"] },
#   { when = "pennylane-catalyst>=0.10", outcome = ["compile-error"], match = 'tensor<i32>\) -> i64', seen = ["0.10.0", "0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", False)


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=1))
def circuit(angle):  # one scalar, one static wire: there is no index, slice or map to blame
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))


if __name__ == "__main__":
    observed = float(circuit(np.float32(0.5)))  # CompileError
    expected = float(np.cos(0.5))
    error = abs(observed - expected)
    tolerance = 10 * float(np.finfo(np.float32).eps)  # 0.5 is exact, the cosine rounded
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
