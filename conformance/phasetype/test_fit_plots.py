"""What the figures of a fit show: bars of the observations, the fitted curves, the share that is later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread
from matplotlib.patches import StepPatch
from scipy import stats

from phasetype.chains import erlang, geometric, hypoexponential
from sharpbits.errors import UsageError
from sharpbits.phasetype import Graph, cdf, pdf, survival
from sharpbits.phasetype.inference import Domain, Draws, MaximumLikelihood, Observations, prior
from sharpbits.phasetype.inference.plots import (
    Curve,
    draw_fit,
    kaplan_meier,
    plot_fit,
    plot_functions,
)

INF = float("inf")
TIMES = np.random.default_rng(0).gamma(3, 1 / 1.5, 80)


def estimate(*theta: float, high: float = INF) -> MaximumLikelihood:
    found = np.array(theta)
    error = found / 10
    return MaximumLikelihood(
        theta=found,
        standard_error=error,
        low=found / 1.2,
        high=found * 1.2,
        level=0.95,
        covariance=np.diag(error**2),
        log_likelihood=-1.0,
        domains=[Domain(0.0, high)] * len(theta),
        ends=[],
        agreeing=1,
    )


def draws(*theta: float) -> Draws:
    rng = np.random.default_rng(1)
    placed = np.array(theta) * rng.lognormal(0, 0.1, (1, 50, len(theta)))
    return Draws("svgd", placed, [prior("gamma:2,1")] * len(theta), settled=True)


def line(axes: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = [line for line in axes.lines if line.get_label() == label]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def test_what_is_later_is_kaplan_and_meiers() -> None:
    """scipy.stats.ecdf is the oracle."""
    times = np.round(TIMES, 1)
    seen = np.random.default_rng(2).random(80) < 0.7
    found = kaplan_meier(Observations.exact(times, observed=seen))
    assert found is not None
    theirs = stats.ecdf(stats.CensoredData.right_censored(times, ~seen)).sf
    at, survived = found
    expected = [1.0 if time == 0 else float(theirs.evaluate(time)) for time in at]
    np.testing.assert_allclose(survived, expected, atol=1e-12)


def test_of_a_histogram_it_is_known_at_the_ends_of_bins() -> None:
    counts, edges = np.histogram(TIMES, 8)
    found = kaplan_meier(Observations.histogram(counts, edges))
    assert found is not None
    np.testing.assert_allclose(found[1][-8:], 1 - np.cumsum(counts) / 80, atol=1e-12)
    assert kaplan_meier(Observations.exact([1.0]) + Observations([1.0], [2.0], [1])) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "observed",
    [
        Observations.exact(TIMES),
        Observations.histogram(*np.histogram(TIMES, 8)),
        Observations.exact(np.minimum(TIMES, 2), observed=TIMES < 2),
        Observations.exact(TIMES[:40]) + Observations.histogram(*np.histogram(TIMES[40:], [0.0, 1.0, 2.0, 9.0])),
    ],
    ids=["exact", "histogram", "censored", "mixed"],
)
def test_bars_have_the_area_of_what_was_seen_and_the_curve_is_the_density(observed: Observations) -> None:
    density, tail, parameter = draw_fit(erlang(3), observed, estimate(1.5)).axes
    (bars,) = [patch for patch in density.patches if isinstance(patch, StepPatch)]
    heights, edges, _ = bars.get_data()
    seen = 1 - observed.kinds["right_censored"] / observed.total
    assert float(heights @ np.diff(edges)) == pytest.approx(seen, rel=1e-6)
    times, values = line(density, "fitted")
    np.testing.assert_allclose(values, pdf(erlang(3), times, np.array([1.5])))
    times, values = line(tail, "fitted")
    np.testing.assert_allclose(values, survival(erlang(3), times, np.array([1.5])))
    assert tail.get_yscale() == "log"
    assert parameter.get_xlabel() == "parameter 1"


def test_draws_show_a_band_and_their_prior() -> None:
    density, _, parameter = draw_fit(erlang(3), Observations.exact(TIMES), draws(1.5), ["rate"]).axes
    legend = density.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} >= {"posterior", "its 95 % band"}
    assert parameter.get_xlabel() == "rate"
    grid, values = line(parameter, "prior gamma:2,1")
    np.testing.assert_allclose(values, stats.gamma(2).pdf(grid), rtol=1e-10)


def test_the_distribution_of_an_estimate_has_area_one() -> None:
    fit = estimate(1.5)
    width = 2 * stats.norm.ppf(0.975)
    *_, parameter = draw_fit(erlang(3), Observations.exact(TIMES), fit).axes
    theta, density = line(parameter, "distribution of the estimate")
    assert np.trapezoid(density, theta) == pytest.approx(1, abs=1e-3)
    law = stats.lognorm(np.log(fit.high[0] / fit.low[0]) / width, scale=fit.theta[0])
    np.testing.assert_allclose(density, law.pdf(theta), rtol=1e-9)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_is_written_in_the_format_of_its_name(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"fit{suffix}"
    plot_fit(file, erlang(3), Observations.exact(TIMES), estimate(1.5))
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert file.read_bytes().startswith(begins)
    if suffix == ".png":
        assert len(np.unique(imread(file).reshape(-1, 4), axis=0)) > 20  # there is something on it


@pytest.mark.parametrize(
    ("graph", "fit", "times"),
    [
        (hypoexponential(), estimate(0.5, 2.0, 11.0), TIMES),
        (geometric(), estimate(0.3, high=1.0), np.array([1.0, 1.0, 4.0, 2.0])),
        (hypoexponential(), draws(0.5, 2.0, 11.0), TIMES),
    ],
    ids=["three parameters", "steps", "three posteriors"],
)
def test_every_parameter_has_a_panel(graph: Graph, fit: MaximumLikelihood | Draws, times: np.ndarray) -> None:
    assert len(draw_fit(graph, Observations.exact(times), fit).axes) == 2 + graph.parameters


def test_nothing_but_censored_times_has_no_bars() -> None:
    density, *_ = draw_fit(erlang(3), Observations.exact([1.0], observed=[False]), draws(1.5)).axes
    assert not [patch for patch in density.patches if isinstance(patch, StepPatch)]


def test_functions_stand_above_their_derivatives(tmp_path: Path) -> None:
    times = np.linspace(0, 3, 20)
    slopes = np.ones((20, 2))
    curves = [
        Curve("pdf", times, np.asarray(pdf(erlang(3), times, np.array([1.0]))), slopes),
        Curve("cdf", times, np.asarray(cdf(erlang(3), times, np.array([1.0]))), None),
    ]
    plot_functions(tmp_path / "one.png", curves, discrete=False)
    plot_functions(tmp_path / "two.png", curves[1:], discrete=True)
    one, two = (imread(tmp_path / name).shape for name in ("one.png", "two.png"))
    assert one[0] == 2 * two[0]
    assert one[1] == 2 * two[1]


@pytest.mark.parametrize(
    ("place", "says"), [("fit.gif", "ends in one of"), ("nowhere/fit.png", "does not exist")], ids=["suffix", "folder"]
)
def test_a_figure_that_cannot_be_written_is_told_before_anything_is_computed(
    tmp_path: Path, place: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        plot_fit(tmp_path / place, None, None, None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=says):
        plot_functions(tmp_path / place, [], discrete=False)
