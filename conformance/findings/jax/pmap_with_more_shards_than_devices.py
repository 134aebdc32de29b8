# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.pmap over more entries than devices is an error, from 0.8 an obscure one"
# component = "jax"
# family = "pmap_needs_a_device_for_each_entry"
# summary = """
# jax.pmap maps a batch of four over two devices. It does not share the batch out: there must be a device
# for each entry, or it raises. Up to 0.7 the message says so; from 0.8 on it speaks of an axis to squeeze
# out, which names neither devices nor pmap.
# """
# oracle = "the mapped function in NumPy"
# workaround = "jax.jit of jax.vmap on an array sharded over a Mesh"
# see = ["jax/vmap_on_a_sharded_batch", "jax/pmap_with_one_device"]
# expect = [
#   { when = "jax>=0.4.28,<0.8", outcome = ["error"], match = "requires 4 logical devices, but only 2", seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1"] },
#   { when = "jax>=0.8", outcome = ["error"], match = "cannot select an axis to squeeze out", seen = ["0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"  # both before jax starts
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    assert jax.device_count() == 2
    batch = np.arange(4.0)
    observed = np.asarray(jax.pmap(lambda entry: 2 * entry)(batch))
    expected = 2 * batch
    error = float(np.max(np.abs(observed - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": 0,
            }
        )
    )
