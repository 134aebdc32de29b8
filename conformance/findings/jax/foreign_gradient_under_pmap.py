# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "The gradient of a foreign call with custom_vjp is right under pmap, for small arrays"
# component = "jax"
# summary = """
# The gradient of a jax.pure_callback with a custom_vjp is mapped with jax.pmap over two CPU devices:
# alone, with a vmap inside, summed with psum, and as the gradient of a loss over the pmap. All are right
# on every release: pmap with foreign gradients does not crash. Arrays above 100 kB are another matter.
# """
# oracle = "the derivative of the sine, in NumPy"
# see = ["jax/foreign_gradient_under_pmap_large_arrays", "jax/foreign_gradient_under_jit_and_vmap"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import inspect
import json
import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"  # before jax starts

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

if "vmap_method" in inspect.signature(jax.pure_callback).parameters:
    METHOD = {"vmap_method": "expand_dims"}
else:  # jax 0.4.28
    METHOD = {"vectorized": True}


def call(host_function, x):
    return jax.pure_callback(host_function, jax.ShapeDtypeStruct(x.shape, x.dtype), x, **METHOD)


@jax.custom_vjp
def sine(x):
    return call(np.sin, x)


sine.defvjp(lambda x: (sine(x), x), lambda x, cotangent: (cotangent * call(np.cos, x),))

if __name__ == "__main__":
    devices = 2
    assert jax.device_count() == devices
    x = np.linspace(-1.0, 1.0, 4).reshape(devices, 2)
    gradient = jax.grad(sine)
    results = {
        "pmap(grad)": (jax.pmap(gradient)(x[:, 0]), np.cos(x[:, 0])),
        "pmap(vmap(grad))": (jax.pmap(jax.vmap(gradient))(x), np.cos(x)),
        "psum of grad": (
            jax.pmap(lambda entry: jax.lax.psum(gradient(entry), "shards"), axis_name="shards")(x[:, 0]),
            np.full(devices, np.cos(x[:, 0]).sum()),
        ),
        "grad over pmap": (jax.grad(lambda entries: jax.pmap(sine)(entries).sum())(x[:, 0]), np.cos(x[:, 0])),
    }
    errors = {name: float(np.max(np.abs(np.asarray(got) - want))) for name, (got, want) in results.items()}
    worst = max(errors, key=errors.get)
    tolerance = 8 * float(np.finfo(np.float64).eps)  # one cosine and one sum on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if errors[worst] <= tolerance else "wrong-gradient",
                "observed": np.asarray(results[worst][0]).tolist(),
                "expected": results[worst][1].tolist(),
                "error": errors[worst],
                "tolerance": tolerance,
                "detail": f"{len(results)} ways, the worst: {worst}",
            }
        )
    )
