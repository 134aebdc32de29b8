# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax_num_cpu_devices set after the first operation raises, unlike XLA_FLAGS"
# component = "jax"
# family = "device_count_set_too_late"
# summary = """
# The configuration option jax_num_cpu_devices does what the XLA flag does, and raises where it comes too
# late to have an effect: the loud one of the two. jax 0.4.28 does not have it yet and raises too.
# """
# oracle = "the number that was asked for"
# workaround = "set it right after `import jax`"
# see = ["jax/device_count_flag_set_too_late", "jax/device_count_under_forced_host_devices"]
# expect = [
#   { when = "jax>=0.4.28,<0.6", outcome = ["error"], match = "Unrecognized config option: jax_num_cpu_devices", seen = ["0.4.28"] },
#   { when = "jax>=0.6", outcome = ["error"], match = "should be updated before backends are initialized", seen = ["0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
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
    jax.config.update("jax_num_cpu_devices", 4)
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
