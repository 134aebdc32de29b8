# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.pmap on a machine with one device refuses any batch but one of size one"
# component = "jax"
# family = "pmap_needs_a_device_for_each_entry"
# summary = """
# A program that maps its batch with jax.pmap is run where jax has one device: every CPU by default,
# whatever its number of cores. It raises. From 0.8 on the message speaks of an axis to squeeze out and not
# of devices.
# """
# oracle = "the mapped function in NumPy"
# workaround = "jax.vmap; or a batch of shape (1, n) and vmap inside pmap"
# see = ["jax/pmap_of_vmap_with_one_device", "jax/pmap_with_more_shards_than_devices", "jax/device_count_under_forced_host_devices"]
# expect = [
#   { when = "jax>=0.4.28,<0.8", outcome = ["error"], match = "requires 3 logical devices, but only 1", seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1"] },
#   { when = "jax>=0.8", outcome = ["error"], match = "cannot select an axis to squeeze out", seen = ["0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = ""  # the default: one device

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    assert jax.device_count() == 1
    batch = np.arange(3.0)
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
