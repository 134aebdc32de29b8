# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "A recurrence written out with x.at[i].set compiles for seconds, on a list at once"
# component = "jax"
# summary = """
# A recorded list of scalar operations (an elimination, an expression tree) is replayed by a Python loop that
# keeps its numbers in one array: x = x.at[i].set(...). Under jit each step is a scatter into the whole array, and
# XLA takes some 25 ms of processor time to compile each (6 ms before jax 0.7, 3 ms on 0.4.28): 5 s for 200 steps,
# half a minute for 800. The same steps on a Python list of scalars compile in a fifth of a second. The numbers are
# right either way.
# """
# oracle = "the recurrence in exact rational arithmetic; the time is held against that of the same steps on a list"
# workaround = "a Python list of scalars, or lax.fori_loop over the indices"
# see = ["catalyst/scalarised_extracts_grow_with_wires"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["slow"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os
import time
from fractions import Fraction

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_enable_compilation_cache", False)  # what was compiled before is no measure

STEPS = 200
#: Each step divides an earlier number by its sum with another: all positive, so that nothing cancels.
OPERATIONS = [(2 + (7 * step) % (step + 2), (3 * step) % (step + 2)) for step in range(STEPS)]
START = [1.0, 2.0, 3.0, 4.0]


def on_a_list(start):
    numbers = list(start)
    for a, b in OPERATIONS:
        numbers.append(numbers[a] / (numbers[a] + numbers[b]))
    return numbers[-1]


def in_an_array(start):
    numbers = jnp.zeros(len(START) + STEPS).at[: len(START)].set(start)
    for step, (a, b) in enumerate(OPERATIONS):
        numbers = numbers.at[len(START) + step].set(numbers[a] / (numbers[a] + numbers[b]))
    return numbers[-1]


def compiled(function):
    """Return it, and the processor time that XLA took, in seconds: other programs do not count."""
    lowered = jax.jit(function).lower(jnp.array(START))
    before = time.process_time()
    ready = lowered.compile()
    return ready, time.process_time() - before


if __name__ == "__main__":
    compiled(lambda start: start.sum())  # what the first compilation of a process costs belongs to neither
    (short, fast), (long, slow) = compiled(on_a_list), compiled(in_an_array)
    exact = float(on_a_list([Fraction(number) for number in START]))
    error = max(abs(float(ready(jnp.array(START))) - exact) for ready in (short, long))
    assert error <= 1e-13, error  # two roundings of 1e-16 a step, carried on and not amplified
    ratio, bound = slow / fast, 2.0  # above what two timings of one thing differ by on a busy machine
    print(
        json.dumps(
            {
                "outcome": "ok" if ratio <= bound else "slow",
                "observed": round(ratio, 1),
                "expected": 1.0,
                "error": round(ratio, 1),
                "tolerance": bound,
                "detail": f"{STEPS} steps: {slow:.2f} s in an array, {fast:.2f} s on a list",
            }
        )
    )
