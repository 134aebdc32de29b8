# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.28", "numpy"]
#
# [tool.sharpbits]
# title = "Text encoded as padded uint8 bytes goes through vmap, jit and pmap unchanged"
# component = "jax"
# summary = """
# Texts of several lengths, with letters outside ASCII, are encoded as UTF-8, padded with zeros to one
# length and mapped as arrays of uint8 with vmap, jit of vmap and pmap. They come back unchanged, and a
# count of commas made on the device is right.
# """
# oracle = "the texts themselves and Python's str.count"
# see = ["jax/text_cannot_be_mapped"]
# expect = [
#   { when = "jax>=0.4.28", outcome = ["ok"], seen = ["0.4.28", "0.6.0", "0.6.2", "0.7.1", "0.8.3", "0.9.2", "0.10.2"] },
# ]
# ///
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"  # both before jax starts
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def encode(texts):
    """One row of bytes for each text; zero bytes fill up, which UTF-8 text does not hold otherwise."""
    rows = [text.encode() for text in texts]
    return np.array([list(row.ljust(max(map(len, rows)), b"\0")) for row in rows], np.uint8)


def decode(rows):
    return [bytes(np.asarray(row)).rstrip(b"\0").decode() for row in rows]


def commas_and_copy(row):
    return (row == ord(",")).sum(), row


if __name__ == "__main__":
    texts = ['{"rate": [1, 2, 3]}', '{"Größe": 1}']
    expected = [[text.count(","), text] for text in texts]
    observed, mismatches = [], 0
    for mapped in (jax.vmap, lambda function: jax.jit(jax.vmap(function)), jax.pmap):
        counts, copies = mapped(commas_and_copy)(encode(texts))
        observed = [[int(count), text] for count, text in zip(counts, decode(copies), strict=True)]
        mismatches += observed != expected
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
