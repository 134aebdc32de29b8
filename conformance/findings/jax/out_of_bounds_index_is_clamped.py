# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "Reading beyond the end gives the last entry, writing beyond it does nothing, silently"
# component = "jax"
# family = "clamped_indices"
# summary = """
# x[10] of an array of five is its last entry, x[-10] its first; x.at[10].set is dropped. lax.dynamic_slice
# moves its start back so that the slice fits: other entries than asked for. All of it plain and under jit,
# without a warning. NumPy raises IndexError or, for the slice, returns fewer entries.
# """
# oracle = "NumPy on the same array: IndexError for reads and writes, a shorter slice"
# upstream = ["https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html"]
# workaround = "x.at[i].get(mode='fill', fill_value=nan); checkify in tests"
# see = ["jax/out_of_bounds_gradient"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["wrong-value"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def write(x, index):
    if isinstance(x, np.ndarray):
        x = x.copy()
        x[index] = 0.0
        return x
    return x.at[index].set(0.0)


def part(x, start):
    return x[start : start + 3] if isinstance(x, np.ndarray) else jax.lax.dynamic_slice(x, (start,), (3,))


def outcome_of(function, *arguments):
    try:
        return np.asarray(function(*arguments)).tolist()
    except IndexError:
        return "IndexError"


if __name__ == "__main__":
    x = np.arange(1.0, 6.0)
    ways = {
        "read 10": (lambda x, i: x[i], 10),
        "read -10": (lambda x, i: x[i], -10),
        "write 10": (write, 10),
        "slice from 4": (part, 4),
    }
    expected = {name: outcome_of(function, x, index) for name, (function, index) in ways.items()}
    plain = {name: outcome_of(function, jnp.asarray(x), index) for name, (function, index) in ways.items()}
    compiled = {name: outcome_of(jax.jit(function), jnp.asarray(x), index) for name, (function, index) in ways.items()}
    mismatches = sum((plain[name] != expected[name]) + (compiled[name] != expected[name]) for name in ways)
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-value",
                "observed": compiled,
                "expected": expected,
                "error": mismatches,
                "tolerance": 0,
                "detail": f"{mismatches} of {2 * len(ways)} differ from NumPy",
            }
        )
    )
