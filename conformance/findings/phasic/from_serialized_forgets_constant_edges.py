# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "from_serialized drops constant edges: the graph comes back with another mean"
# component = "phasic"
# family = "from_serialized_forgets"
# without_dependencies = ["phasic>=0.28.6"]
# summary = """
# A graph with parameterised edges has a state from which one can fall into a trap and come back, at a rate
# that does not depend on the parameters (add_aux_vertex_constant). serialize() writes these edges into
# constant_edges; from_serialized() does not read that, and takes the trap, whose state is zero, for the
# absorbing state of that label. The mean is 2 where 3 is right.
# """
# oracle = "the mean time to the end of a chain of two states and a trap, in closed form"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.Graph.from_serialized"
# workaround = "call add_aux_vertex_constant again on the graph that comes back"
# see = ["phasic/from_serialized_forgets_log_weights", "phasic/from_serialized_forgets_that_it_is_discrete"]
# expect = [
#   { when = "phasic>=0.28.6", outcome = ["wrong-value"], seen = ["0.28.6", "0.32.0", "0.32.1"] },
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
    graph = phasic.Graph(1)
    first, second = graph.find_or_create_vertex([2]), graph.find_or_create_vertex([1])
    graph.starting_vertex().add_edge(first, 1.0)
    first.add_edge(second, [1.0])
    second.add_edge(graph.find_or_create_vertex([0]), [1.0])
    first.add_aux_vertex_constant(4.0)  # at the rate 4 into a trap, and at the rate 4 back
    copy = phasic.Graph.from_serialized(graph.serialize())
    observed, expected = [], []
    for theta in (1.0, 2.0):
        copy.update_weights([theta])
        observed.append(copy.expectation())
        # Each of the two states for 1 / theta; into the trap 4 / theta times, for 1 / 4 each.
        expected.append(2 / theta + (4 / theta) * (1 / 4))
    error = max(abs(got - want) for got, want in zip(observed, expected))
    tolerance = 1e-12  # a dozen operations on numbers of the size of one
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": "means with theta 1 and 2, after serialize() and from_serialized()",
            }
        )
    )
