# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "A batch larger than the number of devices: jit of vmap on a sharded array is right"
# component = "jax"
# summary = """
# A batch of four is placed on two devices with jax.device_put and a NamedSharding, then mapped with jit of
# vmap. Each device gets two entries, the values, the gradient and a sum over the batch are right, and the
# result stays on both devices. This is what to write where pmap refuses; only a batch that the number of
# devices does not divide is refused.
# """
# oracle = "the mapped function and its derivative in NumPy"
# see = ["jax/pmap_with_more_shards_than_devices"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"  # both before jax starts
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    assert jax.device_count() == 2
    batch = np.linspace(-1.0, 1.0, 4)
    mesh = Mesh(np.array(jax.devices()), ("shards",))
    sharded = jax.device_put(batch, NamedSharding(mesh, PartitionSpec("shards")))
    value = jax.jit(jax.vmap(jax.numpy.sin))(sharded)
    gradient = jax.jit(jax.vmap(jax.grad(jax.numpy.sin)))(sharded)
    total = jax.jit(lambda entries: jax.vmap(jax.numpy.sin)(entries).sum())(sharded)
    errors = {
        "value": float(np.max(np.abs(np.asarray(value) - np.sin(batch)))),
        "gradient": float(np.max(np.abs(np.asarray(gradient) - np.cos(batch)))),
        "sum": abs(float(total) - float(np.sin(batch).sum())),
        "devices": 2 - len({shard.device for shard in value.addressable_shards}),
    }
    worst = max(errors, key=errors.get)
    tolerance = 8 * float(np.finfo(np.float64).eps)  # a sine and a sum of four on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if errors[worst] <= tolerance else "wrong-value",
                "observed": np.asarray(value).tolist(),
                "expected": np.sin(batch).tolist(),
                "error": errors[worst],
                "tolerance": tolerance,
                "detail": f"the worst of {len(errors)}: {worst}",
            }
        )
    )
