# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "A foreign gradient under pmap hangs for ever once its arrays exceed 100 kB"
# component = "jax"
# family = "callback_waits_for_its_own_copy"
# summary = """
# The gradient of a jax.pure_callback with a custom_vjp is mapped with jax.pmap over as many CPU devices as
# there are cores. With small arrays it works. From about 100 kB on, a callback gets an array that one of
# XLA's worker threads still has to copy; all of them are inside the callbacks, waiting for it. The process
# sleeps for ever, on the first call or one of the next, without a message.
# """
# oracle = "the derivative of the sine, in NumPy"
# upstream = ["https://github.com/jax-ml/jax/issues/24255"]
# workaround = "jax.vmap on one device; or more cores than devices"
# see = ["jax/foreign_gradient_under_pmap", "jax/debug_callback_on_one_core"]
# timeout_s = 15
# expect = [
#   { when = "jax>=0.4.28,<0.6", outcome = ["ok"], seen = ["0.4.28"] },
#   { when = "jax>=0.6", outcome = ["hang"], seen = ["0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

# XLA starts as many worker threads as the process may use cores, or has devices.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"  # before jax starts

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def call(host_function, x):
    return jax.pure_callback(host_function, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


@jax.custom_vjp
def sine(x):
    return call(np.sin, x)


sine.defvjp(lambda x: (sine(x), x), lambda x, cotangent: (cotangent * call(np.cos, x),))

if __name__ == "__main__":
    gradient = jax.pmap(jax.grad(lambda x: sine(x).sum()))
    rng = np.random.default_rng(0)
    error = 0.0
    for _ in range(20):
        batch = rng.uniform(-1.0, 1.0, (2, 500_000))  # 4 MB on each device
        error = max(error, float(np.max(np.abs(np.asarray(gradient(batch)) - np.cos(batch)))))
    tolerance = 4 * float(np.finfo(np.float64).eps)  # one cosine on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": f"largest error {error:.1e} in 20 batches",
                "expected": "cosines",
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
