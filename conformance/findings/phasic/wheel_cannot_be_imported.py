# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "phasic 0.26 and 0.27: the released wheel cannot be imported"
# component = "phasic"
# without_dependencies = ["phasic>=0.26.43"]
# summary = """
# import phasic raises PTDConfigError: the wheel was built without the XLA handlers that it wants at
# import. The error advises phasic.configure(ffi=False), which takes an import of phasic.
# """
# oracle = "the mean of an exponential distribution, one over its rate"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# workaround = "phasic 0.28.4 or newer"
# see = ["phasic/pmf_from_graph_fails"]
# alone = true
# expect = [
#   { when = "phasic>=0.26.43,<0.28", outcome = ["error"], match = 'FFI handlers not available', seen = ["0.26.43", "0.27.4"] },
#   { when = "phasic>=0.28", outcome = ["ok"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import phasic  # PTDConfigError

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


if __name__ == "__main__":
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, 2.0)
    observed, expected = graph.expectation(), 0.5
    error = abs(observed - expected)
    tolerance = 4 * 2.0**-52  # one division
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
            }
        )
    )
