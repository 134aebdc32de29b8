"""For each finding about phasic: what it names here does the same computation right, held against the same oracle.

Where a finding's oracle is a formula within its program, and no function, the formula stands here again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from catalogue.instead import findings_that_name, loaded, names, numbers, printed, shown
from sharpbits.catalogue import Finding
from sharpbits.catalogue.snippet import snippet
from sharpbits.phasetype import (
    Graph,
    GraphBuilder,
    GraphError,
    Kind,
    WeightMode,
    cdf,
    coalescent,
    covariance,
    explore,
    moments,
    pdf,
    pmf,
    record,
    record_hierarchically,
)
from sharpbits.phasetype.inference import DeviceError, LogLikelihood, Observations, Posterior, prior, svgd

PREFIX = "sharpbits.phasetype."
FINDINGS = findings_that_name(PREFIX)
#: Relative. Series end at 1e-12 of the result; of some hundred operations on positive numbers rounding leaves less.
EXACT = 1e-11
#: Relative, of a dozen operations on positive numbers.
DIGITS = 1e-13
#: Of the findings that hold a posterior mean against one over the data's: of a rate near 2, and of one near 0.2.
WIDE, NARROW = 1.2, 0.12


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Load a finding. Its imports of phasic, which the oracle does not use, get empty modules: it is not installed."""
    peer, elimination = ModuleType("phasic"), ModuleType("phasic.trace_elimination")
    for module, name in ((peer, "phasic_pybind"), (elimination, "instantiate_from_trace")):
        monkeypatch.setattr(module, name, None, raising=False)
    monkeypatch.setitem(sys.modules, "phasic", peer)
    monkeypatch.setitem(sys.modules, "phasic.trace_elimination", elimination)
    # A program sets these for itself; this process keeps its own.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(jax.config, "update", lambda *_: None)
    found = []

    def of(slug: str) -> ModuleType:
        with warnings.catch_warnings():
            found.append(loaded(FINDINGS[slug].path))
        return found[-1]

    yield of
    for module in found:
        module.scratch.cleanup()


def built(edges: dict[tuple[int, int], Any], start: int, parameters: int = 0, **how: Any) -> Graph:
    """Return a graph of states of one number; a weight is a number, or coefficients."""
    builder = GraphBuilder(parameters=parameters, **how)
    builder.start((start,))
    for (source, target), weight in edges.items():
        constant = isinstance(weight, float)
        builder.edge((source,), (target,), weight if constant else 0.0, None if constant else weight)
    return builder.build()


def exponential() -> Graph:
    return built({(1, 0): [1.0]}, 1, parameters=1)


def two_states() -> Graph:
    """The chain of the findings about damaged documents: left at the rates 1 and 2, times theta."""
    return built({(2, 1): [1.0], (1, 0): [2.0]}, 2, parameters=1)


def geometric(chances: list[float]) -> Graph:
    """The findings' ``chain``: states one after the other, each left with its chance at every step."""
    last = len(chances)
    return built({(last - at, last - at - 1): one for at, one in enumerate(chances)}, last, kind=Kind.DISCRETE)


# Densities, and their derivatives.


def by_exponentials(module: ModuleType, samples: int, times: Any) -> Any:
    rates, exits = module.matrices(samples)
    return [scipy.linalg.expm(rates * time)[0] @ exits for time in times]


def of_the_coalescent(module: ModuleType) -> tuple[Any, Any]:
    times = [0.01, 0.1, 1.0]
    return pdf(coalescent(5), times, [1.0]), by_exponentials(module, 5, times)


def of_small_times(module: ModuleType) -> tuple[Any, Any]:
    times = [Fraction(1, 1000), Fraction(1, 200), Fraction(1, 120)]
    exact = [module.exact_density(10, time) for time in times]
    return pdf(coalescent(10), [float(time) for time in times], [1.0]), exact


def of_two_units(_module: ModuleType) -> tuple[Any, Any]:
    times = np.array([0.1, 0.4, 0.5, 0.9, 1.0, 2.0])
    found = [pdf(exponential(), times / unit, [unit]) / unit for unit in (1.0, 1000.0)]
    return found, [np.exp(-times)] * 2


def within_few_steps(_module: ModuleType) -> tuple[Any, Any]:
    """What a density costs is its steps: in either unit fewer than the peer takes for one unit of time."""
    found = [pdf(coalescent(10), 2.0 * unit, [1 / unit], max_steps=1000) * unit for unit in (1.0, 1000.0)]
    rates = np.array([k * (k - 1) / 2 for k in range(10, 1, -1)])
    chain = np.diag(-rates) + np.diag(rates[:-1], 1)
    return found, [scipy.linalg.expm(2 * chain)[0, -1] * rates[-1]] * 2


def slopes(samples: int, times: list[float]) -> Callable[[ModuleType], tuple[Any, Any]]:
    def of(module: ModuleType) -> tuple[Any, Any]:
        found = jax.jacrev(lambda theta: pdf(coalescent(samples), times, theta))(jnp.array([1.0]))
        return jnp.ravel(found), [module.slope(samples, time) for time in times]

    return of


def slopes_by_time(module: ModuleType) -> tuple[Any, Any]:
    times = np.array([0.3, 0.5, 2.0])
    found = jax.grad(lambda at: pdf(coalescent(5), at, jnp.array([1.0])).sum())(jnp.array(times))
    rates, exits = module.matrices(5)
    return found, [scipy.linalg.expm(rates * time)[0] @ rates @ exits for time in times]


def log_density(theta: Any) -> Any:
    return jnp.log(pdf(coalescent(5), 1.0, theta, implementation="portable"))


def reference(module: ModuleType) -> Callable[[float], Any]:
    rates, exits = module.matrices(5)
    return lambda theta: np.log(theta * scipy.linalg.expm(theta * rates)[0] @ exits)


def curvature(module: ModuleType) -> tuple[Any, Any]:
    of, step = reference(module), 1e-3
    return jax.hessian(log_density)(jnp.array([1.0]))[0, 0], (of(1 + step) - 2 * of(1.0) + of(1 - step)) / step**2


def forward_slope(module: ModuleType) -> tuple[Any, Any]:
    of, step = reference(module), 1e-5
    return jax.jacfwd(log_density)(jnp.array([1.0]))[0], (of(1 + step) - of(1 - step)) / (2 * step)


def compiled(module: ModuleType) -> tuple[Any, Any]:
    model = jax.jit(lambda theta, times: pdf(coalescent(5), times, theta))
    return model(jnp.array([1.0]), jnp.array([1.0])), by_exponentials(module, 5, [1.0])


def of_an_exponential(_module: ModuleType) -> tuple[Any, Any]:
    model = jax.jit(lambda theta, times: pdf(exponential(), times, theta))
    return model(jnp.array([2.0]), jnp.array([0.5])), [2 * np.exp(-1.0)]


def before_zero(_module: ModuleType) -> tuple[Any, Any]:
    found = [cdf(exponential(), times, [1.0]) for times in ([0.7, -1.0], [-1.0, -2.0])]
    return found, [[1 - np.exp(-0.7), 0.0], [0.0, 0.0]]


# Moments.


def variance(*models: list[float]) -> tuple[Any, Any]:
    found = [moments(geometric(chances), 2) for chances in models]
    exact = [sum((1 - chance) / chance**2 for chance in chances) for chances in models]
    return [square - mean**2 for mean, square in found], exact


def second_moment(_module: ModuleType) -> tuple[Any, Any]:
    return moments(geometric([0.25]), 2), [4.0, (2 - 0.25) / 0.25**2]


def covariance_of_steps(_module: ModuleType) -> tuple[Any, Any]:
    chances = [0.25, 0.5]
    found = covariance(geometric(chances), [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    return found, np.full((2, 2), sum((1 - chance) / chance**2 for chance in chances))


# Traces.


def mean(graph: Graph, theta: Any = (1.0,), record: Callable[[Graph], Any] = record) -> float:
    return float(record(graph).moments(graph, list(theta))[0])


def of_a_stiff_cycle(module: ModuleType) -> tuple[Any, Any]:
    fast, end = 1e8, module.END
    edges = [(0, 1, fast), (1, 0, fast), (1, 2, 1.0), (2, 1, 0.25), (2, end, 1 / fast)]
    graph = built({(source, target): weight for source, target, weight in edges}, 0)
    return mean(graph, ()), float(module.mean_by_elimination(edges, 3, Fraction))


def of_rings(_module: ModuleType) -> tuple[Any, Any]:
    lengths = [3, 4, 5]
    rings = [
        built({**{(n, n + 1): [1.0] for n in range(1, k)}, (k, 1): [1.0], (k, 0): [1.0]}, 1, parameters=1)
        for k in lengths
    ]
    return [mean(ring) for ring in rings], [2 * (k - 1) + 1.0 for k in lengths]


def of_two_in_a_ring(_module: ModuleType) -> tuple[Any, Any]:
    return mean(built({(1, 2): [1.0], (2, 1): [1.0], (2, 0): [1.0]}, 1, parameters=1)), 2 * (1 + 0.5)


def of_fifty_vertices(_module: ModuleType) -> tuple[Any, Any]:
    sizes = [48, 49, 50, 51]
    return [mean(coalescent(n), record=record_hierarchically) for n in sizes], [2 * (1 - 1 / n) for n in sizes]


# Graphs that come back, and graphs from callbacks.


def returned(graph: Graph) -> Graph:
    return Graph.from_serialized(graph.serialize())


def with_a_trap(_module: ModuleType) -> tuple[Any, Any]:
    graph = returned(built({(2, 1): [1.0], (1, 0): [1.0], (2, 9): 4.0, (9, 2): 4.0}, 2, parameters=1))
    return [mean(graph, [theta]) for theta in (1.0, 2.0)], [2 / theta + (4 / theta) / 4 for theta in (1.0, 2.0)]


def of_a_product(_module: ModuleType) -> tuple[Any, Any]:
    """A log-linear weight is a product of parameters, given their logarithms."""
    times = np.array([0.1, 0.5])
    builder = GraphBuilder(parameters=2, weight_mode=WeightMode.LOG_LINEAR)
    builder.start((1,))
    builder.edge((1,), (0,), 1.0, coefficients=[1.0, 1.0])
    return pdf(returned(builder.build()), times, np.log([2.0, 3.0])), 6 * np.exp(-6 * times)


def of_steps(_module: ModuleType) -> tuple[Any, Any]:
    return pmf(returned(geometric([0.25])), [1.0, 2.0, 3.0]), [0.25 * 0.75**step for step in range(3)]


def of_closures(module: ModuleType) -> tuple[Any, Any]:
    """With the finding's own callbacks."""
    rates = [1.0, 2.0, 4.0]
    return [mean(explore(module.waiting(rate), (1,)), ()) for rate in rates], [1 / rate for rate in rates]


def of_globals(module: ModuleType) -> tuple[Any, Any]:
    """With the finding's own callback."""
    rates, found = [1.0, 2.0, 4.0], []
    for rate in rates:
        module.rate = rate  # type: ignore[attr-defined]
        found.append(mean(explore(module.transitions, (1,)), ()))
    return found, [1 / rate for rate in rates]


# Posteriors.


def posterior(data: Any) -> Posterior:
    return Posterior(LogLikelihood(exponential(), Observations.exact(data)), [prior("half-cauchy:1")])


def of_small_rates(_module: ModuleType) -> tuple[Any, Any]:
    data = np.random.default_rng(0).exponential(5.0, 100)
    return svgd(posterior(data), particles=8, seed=1, starts=1).summary()[0].mean, 1 / data.mean()


ON_FOUR_DEVICES = """
import json
import jax
import numpy as np
from sharpbits.phasetype import coalescent
from sharpbits.phasetype.inference import LogLikelihood, Observations, Posterior, prior, svgd
jax.config.update("jax_enable_x64", True)
data = np.random.default_rng(0).exponential(0.5, 100)
posterior = Posterior(LogLikelihood(coalescent(2), Observations.exact(data)), [prior("half-cauchy:1")])
fitted = svgd(posterior, particles=8, seed=1, parallel="pmap", starts=1)
print(json.dumps([fitted.summary()[0].mean, fitted.diagnostics["devices"]]))
"""


def over_four_devices(_module: ModuleType) -> tuple[Any, Any]:
    """In a process of its own: how many devices there are is settled when JAX starts."""
    variables = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    ended = subprocess.run(
        [sys.executable, "-c", ON_FOUR_DEVICES],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found, devices = json.loads(ended.stdout)
    assert devices == 4
    return found, 1 / np.random.default_rng(0).exponential(0.5, 100).mean()


@dataclass(frozen=True)
class Case:
    """What is held against the oracle, and how near it must be."""

    of: Callable[[ModuleType], tuple[Any, Any]]
    rtol: float = 0.0
    atol: float = 0.0


VALUES: dict[str, Case] = {
    "cdf_of_negative_time": Case(before_zero, rtol=EXACT),
    "cost_depends_on_the_unit_of_time": Case(within_few_steps, rtol=EXACT),
    "density_depends_on_the_unit_of_time": Case(of_two_units, rtol=EXACT),
    "density_is_stepped": Case(of_the_coalescent, rtol=EXACT),
    "density_is_zero_at_small_times": Case(of_small_times, rtol=EXACT),
    "discrete_covariance": Case(covariance_of_steps, atol=1e-12),
    "discrete_moments_fail": Case(second_moment, rtol=DIGITS),
    "discrete_variance": Case(lambda _: variance([0.25], [0.5], [0.25, 0.5]), atol=1e-12),
    "expectation_of_a_stiff_cycle": Case(of_a_stiff_cycle, rtol=DIGITS),
    "ffi_cannot_be_disabled": Case(compiled, rtol=EXACT),
    "from_serialized_forgets_constant_edges": Case(with_a_trap, rtol=DIGITS),
    "from_serialized_forgets_log_weights": Case(of_a_product, rtol=EXACT),
    "from_serialized_forgets_that_it_is_discrete": Case(of_steps, rtol=DIGITS),
    # Sums of terms of either sign: the oracle's own rounding is that of rates of 10 and of 780 times 1e-16.
    "gradient_by_time_is_zero": Case(slopes_by_time, atol=EXACT),
    "gradient_is_a_difference_quotient": Case(slopes(5, [0.05, 0.5, 1.0]), rtol=1e-10),
    "gradient_is_noise_for_fast_rates": Case(slopes(40, [0.5, 1.0, 2.0]), atol=1e-10),
    "graph_cache_ignores_closures": Case(of_closures, rtol=DIGITS),
    "graph_cache_ignores_globals": Case(of_globals, rtol=DIGITS),
    # What the oracle's differences cost: step**2 times a higher derivative, and 1e-16 over their divisor.
    "hessian_of_the_density": Case(curvature, atol=1e-5),
    "jacfwd_of_the_density": Case(forward_slope, atol=1e-9),
    "pmf_from_graph_fails": Case(compiled, rtol=EXACT),
    "pmf_from_graph_parameterized_fails": Case(of_an_exponential, rtol=EXACT),
    "svgd_pmap_with_several_devices": Case(over_four_devices, atol=WIDE),
    "svgd_theta_mean_is_unconstrained": Case(of_small_rates, atol=NARROW),
    "trace_fails_from_fifty_vertices": Case(of_fifty_vertices, rtol=1e-12),
    "trace_of_a_cycle_is_wrong": Case(of_rings, rtol=DIGITS),
    "trace_of_two_states_in_a_cycle": Case(of_two_in_a_ring, rtol=DIGITS),
}


# What must be refused.


def damaged(change: Callable[[dict[str, Any]], None]) -> Callable[[], Graph]:
    """Return what reads the document of two states after a change, its digest left out as in a person's file."""
    document = {**two_states().serialize(), "digest": None}
    assert Graph.from_serialized(document) == two_states()
    change(document)
    return lambda: Graph.from_serialized(document)


def _three(document: dict[str, Any]) -> None:
    document["start_edges"][0, 1] = 3.0


def _twice(document: dict[str, Any]) -> None:
    document["param_edges"] = np.vstack([document["param_edges"], document["param_edges"][:1]])
    document["param_base_weights"] = np.zeros(3)


def _fractional(document: dict[str, Any]) -> None:
    document["param_edges"][1, :2] = [0.6, 1.9]


def _nan(document: dict[str, Any]) -> None:
    document["param_edges"][0, 2] = np.nan


def by_strategy(samples: int, strategy: str) -> Callable[[], Any]:
    return lambda: record_hierarchically(coalescent(samples), strategy=strategy)


def fit_by_pmap() -> Any:
    return svgd(posterior(np.random.default_rng(0).exponential(0.5, 50)), particles=4, seed=1, parallel="pmap")


#: What is done, each of it refused, with which error.
REFUSALS: dict[str, list[tuple[Callable[[], Any], type[Exception], str]]] = {
    "from_serialized_takes_anything": [(damaged(_three), GraphError, "probabilities sum to more than 1")],
    "from_serialized_takes_duplicate_edges": [(damaged(_twice), GraphError, "an edge occurs twice")],
    "from_serialized_takes_fractional_indices": [(damaged(_fractional), GraphError, "actual=0.6")],
    "from_serialized_takes_nan": [(damaged(_nan), GraphError, "a finite number, actual=nan")],
    # Twice in one process: the second time it is as loud as the first.
    "svgd_pmap_with_one_device": [(fit_by_pmap, DeviceError, "JAX has one")] * 2,
    "trace_takes_any_strategy": [
        (by_strategy(samples, strategy), kind, match)
        for samples in (10, 60)
        for strategy, kind, match in (
            ("bogus", ValueError, "'bogus' is none of"),
            ("pmap", RuntimeError, "it needs two devices"),
        )
    ],
}


def test_every_finding_that_names_phasetype_has_its_pair_here() -> None:
    assert {*VALUES, *REFUSALS} == set(FINDINGS)
    assert len(VALUES) + len(REFUSALS) == len(FINDINGS)


@pytest.mark.parametrize("slug", VALUES)
def test_what_is_wrong_or_fails_upstream_is_right_here(slug: str, load: Callable[[str], ModuleType]) -> None:
    case = VALUES[slug]
    observed, expected = case.of(load(slug))
    np.testing.assert_allclose(np.asarray(observed), np.asarray(expected), rtol=case.rtol, atol=case.atol)


@pytest.mark.parametrize("slug", REFUSALS)
def test_what_is_silently_taken_upstream_is_refused_here(slug: str) -> None:
    for act, kind, match in REFUSALS[slug]:
        with pytest.raises(kind, match=match):
            act()


#: What each snippet prints, in closed form.
PRINTED: dict[str, list[float]] = {
    "pdf": [2 * np.exp(-2.0), -np.exp(-2.0)],
    "cdf": [0.0, 1 - np.exp(-2.0)],
    "moments": [4.0, 12.0],
    "covariance": [10 / 9, 7 / 3, 7 / 3, 5.0],
    "record": [3.0, 1.5],
    "record_hierarchically": [2 * (1 - 1 / 60)],
    "explore": [1.0, 2.0, 4.0],
    "Graph.from_serialized": [3 * np.exp(2.0), 0.5],
    "inference.svgd": [4 / 3],
}


@pytest.mark.parametrize("name", names(FINDINGS))
def test_the_snippet_that_is_shown_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = snippet(name)
    assert source is not None
    # That it needs 64-bit types is for a process of its own; here every test has them.
    monkeypatch.setattr(jax.config, "update", lambda *_: None)
    found, expected = numbers(printed(source)), PRINTED[name.removeprefix(PREFIX)]
    # An array is printed with 8 decimals. The particles' mean: a tenth of the posterior's standard deviation, 2/3.
    tolerance = 0.067 if name.endswith("svgd") else 1e-8
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
def test_show_prints_the_snippet_of_what_to_use_instead(finding: Finding) -> None:
    source = snippet(finding.table.instead or "")
    assert source is not None
    assert shown(finding).endswith(f"\n{source}\n")
