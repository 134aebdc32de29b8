# /// script
# requires-python = ">=3.11"
# dependencies = ["pennylane-catalyst>=0.11", "numpy"]
#
# [tool.sharpbits]
# title = "A float32 call of @qjit returns float64 if any earlier call was float64"
# component = "catalyst"
# family = "keeps_one_compilation"
# summary = """
# @qjit does not compile for a float32 argument when a float64 compilation exists: the argument is
# promoted and the result is float64. The dtype that a function returns so depends on what it was called
# with before, perhaps elsewhere in the program. With jax.jit the dtype depends on the arguments only.
# """
# oracle = "dtypes from jax.jit of the same function in the same order of calls"
# workaround = "cast the result: result.astype(x.dtype)"
# see = ["catalyst/promotion_to_an_earlier_dtype_changes_values", "catalyst/compile_once_run_many"]
# expect = [
#   { when = "pennylane-catalyst>=0.11", outcome = ["wrong-dtype"], seen = ["0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.16.0.dev48"] },
# ]
# ///
import json

import catalyst
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def dtypes(compiler):
    halved = compiler(lambda x: x / 2)
    calls = (np.float32(3.0), np.float64(3.0), np.float32(3.0))
    results = [halved(x) for x in calls]
    assert all(result == 1.5 for result in results)
    return [str(result.dtype) for result in results]


if __name__ == "__main__":
    observed = dtypes(catalyst.qjit)
    expected = dtypes(jax.jit)
    error = sum(a != b for a, b in zip(observed, expected))
    print(
        json.dumps(
            {
                "outcome": "ok" if error == 0 else "wrong-dtype",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": 0,
                "detail": "result dtypes of calls with float32, float64, float32",
            }
        )
    )
