# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "--xla_force_host_platform_device_count=N gives N devices, whatever the number of cores"
# component = "jax"
# summary = """
# The flag, set in XLA_FLAGS before jax starts, makes one CPU appear as N devices, also where N exceeds the
# number of cores: jax.device_count, local_device_count and pmap agree on N. It is a means to test code for
# several devices; they share the cores, so the number says nothing of speed.
# """
# oracle = "the number in the flag"
# see = ["jax/device_count_flag_set_too_late", "jax/device_count_config_set_too_late"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.pop("JAX_NUM_CPU_DEVICES", None)
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=6"  # before jax starts
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    wanted = 6
    indices = jax.pmap(lambda entry: jax.lax.axis_index("shards") + 0 * entry, axis_name="shards")(np.arange(wanted))
    observed = {
        "device_count": jax.device_count(),
        "local_device_count": jax.local_device_count(),
        "devices that pmap used": len({shard.device for shard in indices.addressable_shards}),
        "axis indices": len(set(np.asarray(indices).tolist())),
    }
    expected = dict.fromkeys(observed, wanted)
    mismatches = sum(observed[name] != wanted for name in observed)
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": mismatches,
                "tolerance": 0,
                "detail": f"cores that the process may use: {len(os.sched_getaffinity(0))}",
            }
        )
    )
