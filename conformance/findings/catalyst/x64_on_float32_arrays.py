# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax_enable_x64=True with float32 arrays: indexing, slicing, mapping into a QNode works"
# component = "catalyst"
# summary = """
# The way out of the compile errors with x64 off: leave the flag on, as catalyst sets it, and hold the
# data in float32. The data stay float32 inside @qjit, run-time indices of either width compile, and only
# what leaves the QNode is float64.
# """
# oracle = "products of cosines in float64 NumPy of the same float32 angles; the dtypes that jax.jit keeps"
# see = ["catalyst/x64_off_qnode", "catalyst/dtype_of_expval_for_float32_input"]
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


@qml.qnode(qml.device("lightning.qubit", wires=2))
def circuit(angles):
    qml.RX(angles[0], wires=0)
    qml.RX(angles[1], wires=1)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


@catalyst.qjit
def pipeline(batch, i, start):
    indexed = circuit(batch[i])
    sliced = circuit(jax.lax.dynamic_slice(batch.ravel(), (start,), (2,)))
    return indexed, sliced, jax.lax.map(circuit, batch), 2.0 * batch


if __name__ == "__main__":
    batch = np.array([[0.25, 0.5], [0.75, 1.0], [1.25, 1.5]], dtype=np.float32)
    indexed, sliced, mapped, doubled = pipeline(batch, np.int32(1), np.int64(3))

    a = batch.astype(np.float64)
    first_two = [np.cos(a[1]).prod(), np.cos(a.ravel()[3:5]).prod()]
    exact = np.hstack([first_two, np.cos(a).prod(axis=1), 2.0 * a.ravel()])
    observed = np.hstack([indexed, sliced, mapped, np.ravel(doubled)])
    error = float(np.max(np.abs(observed - exact)))
    if doubled.dtype != np.float32:  # the data must not have been widened on the way
        error = 1.0
    tolerance = 100 * float(np.finfo(np.float64).eps)  # two rotations and two Paulis, in double precision
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": exact.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"data {doubled.dtype}, expectation values {mapped.dtype}",
            }
        )
    )
