# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.pmap of jax.vmap with a leading axis of one is right on one device"
# component = "jax"
# summary = """
# On a machine with one device the batch gets a leading axis of one and is mapped with pmap of vmap. Values,
# gradients and psum over the one shard are right on every release. Nothing runs side by side, and nothing
# says so.
# """
# oracle = "the sine and its derivative in NumPy"
# see = ["jax/pmap_with_one_device"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
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
    batch = np.linspace(-1.0, 1.0, 5)[np.newaxis]
    results = {
        "value": (jax.pmap(jax.vmap(jax.numpy.sin))(batch), np.sin(batch)),
        "gradient": (jax.pmap(jax.vmap(jax.grad(jax.numpy.sin)))(batch), np.cos(batch)),
        "psum": (jax.pmap(lambda x: jax.lax.psum(x, "shards"), axis_name="shards")(batch), batch),
    }
    errors = {name: float(np.max(np.abs(np.asarray(got) - want))) for name, (got, want) in results.items()}
    worst = max(errors, key=errors.get)
    tolerance = 4 * float(np.finfo(np.float64).eps)  # one sine on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if errors[worst] <= tolerance else "wrong-value",
                "observed": np.asarray(results[worst][0]).tolist(),
                "expected": results[worst][1].tolist(),
                "error": errors[worst],
                "tolerance": tolerance,
                "detail": f"the worst of {len(errors)}: {worst}",
            }
        )
    )
