# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "from_serialized turns a discrete graph into a continuous one"
# component = "phasic"
# family = "from_serialized_forgets"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A discrete graph is serialised and read back: that it is discrete is not part of what serialize() writes.
# The probabilities of the copy are the densities of a continuous model, 0.118 for 0.141 at the third step,
# and its variance is another, too.
# """
# oracle = "the geometric distribution in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.Graph.from_serialized"
# workaround = "set is_discrete = True again on the graph that comes back"
# see = ["phasic/from_serialized_forgets_constant_edges"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


if __name__ == "__main__":
    chance = 0.25
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, chance)
    graph.is_discrete = True
    copy = phasic.Graph.from_serialized(graph.serialize())
    observed = [float(copy.pdf(step)) for step in (1, 2, 3)]
    expected = [chance * (1 - chance) ** (step - 1) for step in (1, 2, 3)]
    error = max(abs(got - want) for got, want in zip(observed, expected))
    tolerance = 1e-15  # three products
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"is_discrete: {graph.is_discrete}, then {copy.is_discrete}",
            }
        )
    )
