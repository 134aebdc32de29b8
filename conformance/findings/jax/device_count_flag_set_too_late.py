# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "XLA_FLAGS set after the first operation is ignored: one device, no warning"
# component = "jax"
# family = "device_count_set_too_late"
# summary = """
# The flag for the number of CPU devices is put into os.environ after jax has made its first array, for
# example because an imported module made one. The devices are fixed by then: the flag is ignored without a
# word, and the program goes on with one device. After `import jax` but before the first operation is still
# early enough.
# """
# oracle = "the number in the flag"
# workaround = "set XLA_FLAGS before jax; assert jax.device_count() == N"
# see = ["jax/device_count_under_forced_host_devices", "jax/device_count_config_set_too_late"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["silent-fallback"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.pop("JAX_NUM_CPU_DEVICES", None)
os.environ["XLA_FLAGS"] = ""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    jnp.zeros(1)  # starts the backend
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
    observed, expected = jax.device_count(), 4
    print(
        json.dumps(
            {
                "outcome": "ok" if observed == expected else "silent-fallback",
                "observed": observed,
                "expected": expected,
                "error": abs(observed - expected),
                "tolerance": 0,
            }
        )
    )
