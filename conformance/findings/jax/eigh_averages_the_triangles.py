# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jnp.linalg.eigh of one triangle gives other eigenvalues than NumPy"
# component = "jax"
# summary = """
# A symmetric matrix is stored as its lower triangle, zeros above, which LAPACK and numpy.linalg.eigvalsh
# read as the whole. jnp.linalg.eigh and eigvalsh first average the matrix with its transpose, which halves
# what lies off the diagonal: other eigenvalues, silently. The same holds for jnp.linalg.cholesky.
# """
# oracle = "numpy.linalg.eigvalsh and cholesky of the same array, and of the full matrix"
# upstream = ["https://docs.jax.dev/en/latest/_autosummary/jax.numpy.linalg.eigh.html"]
# workaround = "jnp.linalg.eigh(a, symmetrize_input=False)"
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    factor = np.tril(np.random.default_rng(0).uniform(0.5, 1.5, (4, 4)))
    full = factor @ factor.T
    lower = np.tril(full)
    observed = np.asarray(jnp.linalg.eigh(lower)[0])
    expected = np.linalg.eigvalsh(lower)
    assert np.allclose(expected, np.linalg.eigvalsh(full))
    error = float(np.max(np.abs(observed - expected)))
    tolerance = 64 * float(np.finfo(np.float64).eps) * float(np.linalg.norm(full))  # backward stable, 4 by 4
    unaveraged = np.asarray(jnp.linalg.eigh(lower, symmetrize_input=False)[0])
    remedy = float(np.max(np.abs(unaveraged - expected)))
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed.tolist(),
                "expected": expected.tolist(),
                "error": error,
                "tolerance": tolerance,
                "detail": f"with symmetrize_input=False the error is {remedy:.1e}",
            }
        )
    )
