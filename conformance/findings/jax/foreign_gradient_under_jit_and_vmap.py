# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "The gradient of a foreign call with custom_vjp is right under jit and every vmap_method"
# component = "jax"
# summary = """
# A NumPy function is wrapped in jax.pure_callback, its derivative is a second pure_callback in a
# jax.custom_vjp. Plain, compiled, and batched with each way of vmap to treat callbacks (vectorized=True
# and False on releases before vmap_method), the gradient is right on every release.
# """
# oracle = "the derivative of the sine, in NumPy"
# upstream = ["https://docs.jax.dev/en/latest/external-callbacks.html"]
# see = ["jax/foreign_call_has_no_derivative", "jax/foreign_gradient_under_pmap"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import inspect
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

if "vmap_method" in inspect.signature(jax.pure_callback).parameters:
    METHODS = [{"vmap_method": m} for m in ("sequential", "expand_dims", "broadcast_all", "legacy_vectorized")]
else:  # jax 0.4.28
    METHODS = [{"vectorized": False}, {"vectorized": True}]


def foreign_sine(method):
    """The sine of NumPy with its derivative, batched by the given method."""

    def call(host_function, x):
        return jax.pure_callback(host_function, jax.ShapeDtypeStruct(x.shape, x.dtype), x, **method)

    @jax.custom_vjp
    def sine(x):
        return call(np.sin, x)

    sine.defvjp(lambda x: (sine(x), x), lambda x, cotangent: (cotangent * call(np.cos, x),))
    return sine


if __name__ == "__main__":
    x = np.linspace(-1.0, 1.0, 5)
    results = {}
    for method in METHODS:
        gradient = jax.grad(foreign_sine(method))
        name = "=".join(map(str, *method.items()))
        results[f"{name}, one by one"] = [gradient(jnp.asarray(entry)) for entry in x]
        results[f"{name}, jit"] = [jax.jit(gradient)(entry) for entry in x]
        results[f"{name}, vmap"] = jax.vmap(gradient)(jnp.asarray(x))
        results[f"{name}, jit of vmap"] = jax.jit(jax.vmap(gradient))(x)
    expected = np.cos(x)
    errors = {name: float(np.max(np.abs(np.asarray(result) - expected))) for name, result in results.items()}
    worst = max(errors, key=errors.get)
    tolerance = 4 * float(np.finfo(np.float64).eps)  # one cosine on either side
    print(
        json.dumps(
            {
                "outcome": "ok" if errors[worst] <= tolerance else "wrong-gradient",
                "observed": np.asarray(results[worst]).tolist(),
                "expected": expected.tolist(),
                "error": errors[worst],
                "tolerance": tolerance,
                "detail": f"{len(results)} ways, the worst: {worst}",
            }
        )
    )
