# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "Views such as X[:, 0], X.T or X[::2] given to @qjit are read as contiguous: wrong values"
# component = "catalyst"
# family = "noncontiguous_numpy_argument"
# summary = """
# A NumPy array that is not C-contiguous (a column, a transpose, every second entry, Fortran order, the
# real part of a complex array) is read by the compiled function as if it were: it gets the neighbouring
# memory instead of the entries. Values are silently wrong; a reversed or broadcast view even reads
# outside of the array. JAX arrays are not affected.
# """
# oracle = "product of cosines in NumPy of the same view"
# workaround = "pass np.ascontiguousarray(x) or jnp.asarray(x)"
# see = ["catalyst/result_that_starts_at_an_argument"]
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


@catalyst.qjit
@qml.qnode(qml.device("lightning.qubit", wires=3))
def circuit(angles):
    for wire in range(3):
        qml.RX(angles[wire], wires=wire)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1) @ qml.PauliZ(2))


if __name__ == "__main__":
    table = np.random.default_rng(0).uniform(-1.0, 1.0, (3, 6))
    views = {
        "contiguous copy": np.ascontiguousarray(table[:, 1]),
        "column": table[:, 1],
        "row in Fortran order": np.asfortranarray(table)[1, :3],
        "every second entry": table[0, ::2],
        "real part": (table[0, :3] + 1j * table[1, :3]).real,
    }
    observed = [float(circuit(view)) for view in views.values()]
    expected = [float(np.cos(view).prod()) for view in views.values()]
    differences = np.abs(np.subtract(observed, expected))
    error = float(np.max(differences))
    tolerance = 100 * float(np.finfo(np.float64).eps)  # three rotations and three Paulis
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": ", ".join(f"{name}: off by {d:.1e}" for name, d in zip(views, differences)),
            }
        )
    )
