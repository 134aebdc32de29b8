# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax.vmap of a @qjit QNode launches the one-sample kernel once per sample"
# component = "catalyst"
# family = "qnode_without_batching"
# summary = """
# A batch is given to jax.vmap(qjit(qnode)). The compiled kernel takes a single sample, and the batch
# calls it B times; each launch goes through Python and initialises and releases the simulator anew. The
# values are right, but nothing is batched: every further sample costs a whole launch.
# """
# oracle = "runs of a callback in the program, against one for a batched kernel; values: NumPy"
# upstream = ["https://docs.pennylane.ai/projects/catalyst/en/stable/dev/sharp_bits.html"]
# workaround = "loop over the batch inside @qjit, or a simulator batched in JAX"
# see = ["catalyst/recompiles_when_shapes_alternate", "catalyst/jax_grad_of_vmap_of_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["slow"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import glob
import json
import re

import catalyst
import jax
import numpy as np
import pennylane as qml

jax.config.update("jax_enable_x64", True)
launches = []


@qml.qnode(qml.device("lightning.qubit", wires=2))
def circuit(x):
    qml.RX(x[0], wires=0)
    qml.RX(x[1], wires=1)
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


def program(x):
    catalyst.debug.callback(lambda: launches.append(1))()  # runs whenever the compiled program runs
    return circuit(x)


if __name__ == "__main__":
    compiled = catalyst.qjit(program, keep_intermediate=True)  # leaves the LLVM text in ./program/
    compiled(np.zeros(2))
    observed, value_error = [], 0.0
    for size in (1, 4, 16):
        batch = np.random.default_rng(size).uniform(-np.pi, np.pi, (size, 2))
        launches.clear()
        values = np.asarray(jax.vmap(compiled)(batch))
        observed.append(len(launches))
        value_error = max(value_error, float(np.max(np.abs(values - np.cos(batch).prod(axis=1)))))

    expected = [1, 1, 1]  # what a kernel that takes the batch would need
    signature = re.search(r"func\.func public @jit_program\((.*?)\) -> (\S+)", compiled.mlir)
    llvm = open(glob.glob("program*/*.ll")[0]).read()
    init = len(re.findall(r"call .*@__catalyst__rt__device_init\(", llvm))
    release = len(re.findall(r"call .*@__catalyst__rt__device_release\(", llvm))
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "slow",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": f"launches for batches of 1, 4, 16; kernel ({signature[1]}) -> {signature[2]} with "
                f"{init} device_init and {release} device_release a launch; values off by {value_error:.1e}",
            }
        )
    )
