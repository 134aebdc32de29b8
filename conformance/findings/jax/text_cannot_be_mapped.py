# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "jax.vmap over an array of strings raises: JAX has no text"
# component = "jax"
# summary = """
# An array of strings, here small JSON documents, is to be mapped with jax.vmap. JAX arrays hold numbers
# only, so it raises, under jit and pmap too. The refusal is loud; bytes padded to one length and stored as
# uint8 do map.
# """
# oracle = "the length of each text, by Python's len"
# workaround = "encode as UTF-8, pad, and map the array of uint8"
# see = ["jax/text_as_bytes_under_vmap_and_pmap"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["error"], match = "is not a valid JAX (array )?type", seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    texts = ['{"rate": 1}', '{"rate": [2, 3]}']
    observed = [int(length) for length in jax.vmap(len)(np.array(texts))]
    expected = [len(text) for text in texts]
    mismatches = sum(got != want for got, want in zip(observed, expected, strict=True))
    print(
        json.dumps(
            {
                "outcome": "ok" if mismatches == 0 else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": mismatches,
                "tolerance": 0,
            }
        )
    )
