# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "jax.grad inside qjit is zero where a jitted function is called, such as jnp.where"
# component = "catalyst"
# summary = """
# Since 0.14 reverse-mode differentiation by JAX inside qjit loses what lies behind a call of a function under
# jax.jit, and much of jax.numpy is: with jnp.where, jnp.linalg.norm, jnp.cumsum, jnp.var, jnp.clip or
# jax.nn.softplus in it, jax.grad, jax.value_and_grad, jax.vjp and jax.hessian return exactly zero. Values,
# jax.jvp, jax.jacfwd and catalyst.grad are right, and so is jax.grad outside qjit. With JAX's older way of
# linearising, still there behind an option, the gradients are right. For a loss behind a QNode there is
# sharpbits.classifier.mean_loss_and_gradient.
# """
# oracle = "gradient of the Euclidean norm, closed form"
# workaround = "jax.config.update('jax_use_direct_linearize', False); or jax.jvp"
# see = ["catalyst/jax_grad_of_vmap_of_qjit"]
# expect = [
#   { when = "pennylane-catalyst>=0.11,<0.14", outcome = ["ok"], seen = ["0.11.0", "0.12.0", "0.13.0"] },
#   { when = "pennylane-catalyst>=0.14", outcome = ["wrong-gradient"], seen = ["0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@catalyst.qjit
def gradient(x):
    return jax.grad(jnp.linalg.norm)(x)


if __name__ == "__main__":
    x = np.array([0.3, 0.5, -0.2])
    observed = np.asarray(gradient(x))
    expected = x / np.sqrt(np.sum(x**2))
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 10 * float(np.finfo(np.float64).eps)  # a root and a quotient
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-gradient",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
