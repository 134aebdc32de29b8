# /// script
# requires-python = ">=3.11"
# dependencies = ["jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm"]
#
# [tool.sharpbits]
# title = "The mean of a stiff model with cycles is off by a tenth: 1.35e8 where 1.5e8 is right"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# Three states in two cycles, with rates 1e8 apart: Graph.expectation is off by 10 %; at rates 1e10 apart
# it is infinite. The problem is not at fault: an elimination without subtraction (Grassmann, Taksar and
# Heyman 1985), in the same arithmetic, is right to the last digits.
# """
# oracle = "Gaussian elimination in exact rational arithmetic"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# instead = "sharpbits.phasetype.record"
# workaround = "eliminate the states without subtraction, as in this file"
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import json
import os
import tempfile
from fractions import Fraction

import phasic

scratch = tempfile.TemporaryDirectory()
os.environ["HOME"] = scratch.name  # phasic keeps caches in ~/.phasic_cache: not the user's own


END = -1


def mean_by_elimination(edges, states, number):
    """Eliminate the states, last first, without subtraction: a state's rate is the sum of what still leaves it."""
    weights = {(tail, head): number(weight) for tail, head, weight in edges}
    times = {state: number(1) for state in range(states)}  # the numerators: 1 over the rate is a visit's time
    for gone in reversed(range(1, states)):
        leaving = {head: weight for (tail, head), weight in weights.items() if tail == gone and head != gone}
        total = sum(leaving.values())
        for state in range(gone):
            into = weights.pop((state, gone), None)
            if into is None:
                continue
            times[state] += into * times[gone] / total
            for head, weight in leaving.items():
                if head != state:
                    weights[state, head] = weights.get((state, head), number(0)) + into * weight / total
        weights = {(tail, head): weight for (tail, head), weight in weights.items() if gone not in (tail, head)}
    return times[0] / weights[0, END]


if __name__ == "__main__":
    fast = 1e8
    edges = [(0, 1, fast), (1, 0, fast), (1, 2, 1.0), (2, 1, 0.25), (2, END, 1 / fast)]
    graph = phasic.Graph(1)
    vertices = {state: graph.find_or_create_vertex([state + 1]) for state in range(3)}
    vertices[END] = graph.find_or_create_vertex([0])
    graph.starting_vertex().add_edge(vertices[0], 1.0)
    for tail, head, weight in edges:
        vertices[tail].add_edge(vertices[head], weight)
    observed, expected = graph.expectation(), float(mean_by_elimination(edges, 3, Fraction))
    error = abs(observed / expected - 1)
    tolerance = 1e-13  # some dozen operations on positive numbers, each to 2**-53
    in_doubles = abs(mean_by_elimination(edges, 3, float) / expected - 1)
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": f"relative error; without subtraction, in double precision: {in_doubles:.1e}",
            }
        )
    )
