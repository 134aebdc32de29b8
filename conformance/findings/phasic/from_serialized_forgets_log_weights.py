# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "from_serialized turns log weights into linear ones: a product of parameters into a sum"
# component = "phasic"
# family = "from_serialized_forgets"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# A graph with weight_mode "log", where a weight is a product of parameters, is serialised and read back.
# serialize() writes the mode, from_serialized() does not read it: the copy's weights are sums. The density
# of an exponential with the parameters 2 and 3 is that of the rate 5 instead of 6. Graph.clone() and
# copy() forget it too.
# """
# oracle = "the exponential density with the product of the parameters as its rate"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.Graph.from_serialized"
# workaround = "set weight_mode again on the graph that comes back"
# see = ["phasic/from_serialized_forgets_constant_edges"]
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile

import numpy as np
import phasic
from phasic import phasic_pybind

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


def density(graph, theta, times):
    """As the models of pmf_from_graph compute it, below JAX."""
    text = json.dumps({key: plain(value) for key, value in graph.serialize().items()})
    builder = phasic_pybind.parameterized.GraphBuilder(text)
    return builder.compute_pmf(theta, times, discrete=False, granularity=1_000_000)


if __name__ == "__main__":
    graph = phasic.Graph(1)
    waiting, done = graph.find_or_create_vertex([1]), graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(waiting, 1.0)
    waiting.add_edge(done, [1.0, 1.0])
    graph.weight_mode = "log"  # the rate is the product of theta
    copy = phasic.Graph.from_serialized(graph.serialize())
    theta, times = np.array([2.0, 3.0]), np.array([0.1, 0.5])
    observed = density(copy, theta, times).tolist()
    expected = (6 * np.exp(-6 * times)).tolist()
    error = float(np.max(np.abs(np.subtract(observed, expected))))
    tolerance = 1e-3  # time steps of a millionth, of first order
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"before: {density(graph, theta, times).tolist()}; weight_mode {graph.weight_mode}, then {copy.weight_mode}",
            }
        )
    )
