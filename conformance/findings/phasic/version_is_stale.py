# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = 'phasic.__version__ is "0.20.0" in every release'
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Whatever release is installed, phasic.__version__ is 0.20.0. Bug reports name the wrong release, code
# that asks for a version takes the wrong branch, and the graph cache, which warns when a stored graph is
# another version's, never does.
# """
# oracle = "the version in the metadata of the installed package"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# workaround = "importlib.metadata.version('phasic')"
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import importlib.metadata
import json

import phasic

if __name__ == "__main__":
    observed, expected = phasic.__version__, importlib.metadata.version("phasic")
    error, tolerance = int(observed != expected), 0
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
