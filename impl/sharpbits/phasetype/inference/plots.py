"""One figure of a fit: the observations beside what was fitted, the tail, and what is known of each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from sharpbits.extras import needs_extra
from sharpbits.figures import check_figure_target, write_figure
from sharpbits.phasetype.density import pdf, pmf, survival
from sharpbits.phasetype.graph import Graph, Kind
from sharpbits.phasetype.inference.draws import Draws
from sharpbits.phasetype.inference.maximum import MaximumLikelihood
from sharpbits.phasetype.inference.observations import Observations
from sharpbits.phasetype.quantiles import quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = npt.NDArray[np.float64]

_WHAT = "the plot cannot be written"
_MODEL, _DATA, _PRIOR = "C0", "0.72", "C1"
#: Parameters of the posterior whose curves make the band.
_CURVES = 200
_POINTS = 300


def plot_fit(
    path: Path,
    graph: Graph,
    observations: Observations,
    fit: MaximumLikelihood | Draws,
    names: Sequence[str] = (),
) -> None:
    """Draw a fit and write the figure; its format is the file's suffix. See :func:`draw_fit`."""
    check_figure_target(path, _WHAT)
    write_figure(draw_fit(graph, observations, fit, names), path)


def draw_fit(
    graph: Graph, observations: Observations, fit: MaximumLikelihood | Draws, names: Sequence[str] = ()
) -> Figure:
    """Return a figure of the density, the survival function and each parameter.

    Parameters
    ----------
    graph, observations, fit
        The model, what it was fitted to, and the result.
    names
        Of the parameters; default: their numbers.
    """
    thetas = _thetas(fit)
    count = graph.parameters
    # One row for one parameter; else the parameters have a row of their own.
    columns = 3 if count == 1 else 2 * max(count, 2)
    figure = _figure((12.0, 3.8) if count == 1 else (4.0 * max(count, 2), 7.0))
    grid = figure.add_gridspec(1 if count == 1 else 2, columns)
    half = 1 if count == 1 else columns // 2
    _draw_density(figure.add_subplot(grid[0, :half]), graph, observations, thetas)
    _draw_survival(figure.add_subplot(grid[0, half : 2 * half]), graph, observations, thetas)
    wide = 1 if count == 1 else columns // count
    for at in range(count):
        first = 2 if count == 1 else at * wide
        axes = figure.add_subplot(grid[-1, first : first + wide])
        if isinstance(fit, Draws):
            _draw_draws(axes, fit, at)
        else:
            _draw_estimate(axes, fit, at)
        axes.set(xlabel=names[at] if names else f"parameter {at + 1}", yticks=[])
        # Room for the legend.
        axes.set_ylim(0, 1.6 * axes.get_ylim()[1])
        axes.legend(loc="upper right", fontsize="small")
    return figure


@dataclass(frozen=True)
class Curve:
    """A function of time, and its derivatives by the parameters.

    Attributes
    ----------
    name
        ``pdf``, ``cdf`` or ``survival``.
    times, values
        ``[T]``.
    gradient
        ``[T, p]``, or None.
    """

    name: str
    times: Numbers
    values: Numbers
    gradient: Numbers | None

    @classmethod
    def of(cls, name: str, part: Mapping[str, Any]) -> Curve:
        """Return the curve that a part of a document describes."""
        slopes = part.get("gradient")
        return cls(name, np.array(part["times"]), np.array(part["values"]), slopes and np.array(slopes))


_LINES = ("-", "--", "-.", ":")
_TITLES = {"pdf": "density", "cdf": "distribution function", "survival": "survival function"}


def plot_functions(path: Path, curves: Sequence[Curve], *, discrete: bool) -> None:
    """Draw functions of time beside each other, their derivatives below them, and write the figure."""
    check_figure_target(path, _WHAT)
    with_slopes = any(curve.gradient is not None for curve in curves)
    rows = 1 + with_slopes
    figure = _figure((4.8 * len(curves), 3.4 * rows))
    every = figure.subplots(rows, len(curves), squeeze=False, sharex="col")
    for column, curve in enumerate(curves):
        axes = every[0, column]
        _draw_function(axes, curve.times, curve.values, _MODEL, discrete=discrete)
        axes.set_title("probability" if discrete and curve.name == "pdf" else _TITLES[curve.name])
        axes.set_ylim(bottom=0)
        if curve.gradient is not None:
            below = every[1, column]
            for at, slopes in enumerate(curve.gradient.T):
                # Derivatives that agree are seen through each other.
                style: dict[str, Any] = {"linestyle": _LINES[at % len(_LINES)], "label": f"by θ{at + 1}"}
                _draw_function(below, curve.times, slopes, f"C{at}", discrete=discrete, **style)
            below.axhline(0, color="0.6", linewidth=0.8)
            below.set_title("its derivative")
            below.legend(fontsize="small")
        _name_time(every[-1, column], discrete=discrete)
    write_figure(figure, path)


def _draw_function(
    axes: Axes, times: Numbers, values: Numbers, color: str, *, discrete: bool, linestyle: str = "-", label: str = ""
) -> None:
    marks: dict[str, Any] = {"marker": "o", "markersize": 3, "linestyle": ""} if discrete else {"linestyle": linestyle}
    axes.plot(times, values, color=color, label=label, **marks)
    if discrete:
        axes.vlines(times, 0, values, color=color, linewidth=1)


def _figure(size: tuple[float, float]) -> Figure:
    with needs_extra(_WHAT, "phasetype"):
        from matplotlib.figure import Figure
    return Figure(figsize=size, layout="constrained", dpi=120)


def _thetas(fit: MaximumLikelihood | Draws) -> Numbers:
    """Return parameters whose curves show what is known: draws, or the estimate alone."""
    if isinstance(fit, MaximumLikelihood):
        return fit.theta[None]
    pooled = fit.pooled
    chosen: Numbers = pooled[np.linspace(0, len(pooled) - 1, min(_CURVES, len(pooled))).astype(int)]
    return chosen


def _times(graph: Graph, observations: Observations, thetas: Numbers) -> Numbers:
    far = float(quantile(graph, 0.999, np.median(thetas, axis=0)))
    last = max(min(far, 3 * observations.largest), observations.largest)
    return np.arange(np.ceil(last) + 1) if graph.kind is Kind.DISCRETE else np.linspace(0, last, _POINTS)


def _draw_curves(axes: Axes, times: Numbers, curves: Numbers, *, steps: str = "") -> None:
    """Draw a curve, or the middle and a band of many; in discrete time in steps: ``mid`` or ``post``."""
    style: dict[str, Any] = {"drawstyle": f"steps-{steps}"} if steps else {}
    axes.plot(
        times, np.median(curves, axis=0), color=_MODEL, label="fitted" if len(curves) == 1 else "posterior", **style
    )
    if len(curves) > 1:
        low, high = np.quantile(curves, (0.025, 0.975), axis=0)
        band: dict[str, Any] = {"step": steps} if steps else {}
        axes.fill_between(times, low, high, color=_MODEL, alpha=0.25, linewidth=0, label="its 95 % band", **band)


def _name_time(axes: Axes, *, discrete: bool) -> None:
    axes.set_xlabel("steps" if discrete else "time")
    if discrete:
        axes.locator_params(axis="x", integer=True)


def _draw_density(axes: Axes, graph: Graph, observations: Observations, thetas: Numbers) -> None:
    discrete = graph.kind is Kind.DISCRETE
    times = _times(graph, observations, thetas)
    edges = _bins(observations, discrete=discrete)
    if edges is not None:
        heights = _heights(observations, edges)
        axes.stairs(heights, edges, fill=True, color=_DATA, label=f"{observations.total:,} observations")
    right = observations.lower[observations.is_right_censored & (observations.lower >= 0)]
    if len(right):
        axes.plot(right, np.zeros(len(right)), "|", color="0.3", markersize=10, label="right-censored", clip_on=False)
    function = pmf if discrete else pdf
    _draw_curves(axes, times, np.asarray(function(graph, times, thetas)), steps="mid" if discrete else "")
    axes.set(title="probability" if discrete else "density", ylim=(0, None))
    _name_time(axes, discrete=discrete)
    axes.legend(fontsize="small")


def _bins(observations: Observations, *, discrete: bool) -> Numbers | None:
    """Return edges of bars: those of the intervals, and if there are none, enough for the times."""
    whole = observations.is_right_censored
    between = ~observations.is_exact & ~whole
    if between.any():
        ends = np.concatenate([observations.lower[between], observations.upper[between]])
        found: Numbers = np.unique(np.maximum(ends, 0).astype(np.float32)).astype(np.float64)
        return found if len(found) <= 200 else np.linspace(0, found[-1], 41)
    exact = observations.is_exact
    if not exact.any():
        return None
    times, count = observations.lower[exact], observations.count[exact]
    if discrete:
        return np.arange(times.min(), times.max() + 2) - 0.5
    bars = int(np.clip(np.sqrt(count.sum()) * 1.5, 5, 60))
    return np.linspace(0, times.max() * (1 + 1e-9), bars + 1)


def _heights(observations: Observations, edges: Numbers) -> Numbers:
    """Return the share of all observations in each bar over its width; an interval is spread evenly over its length."""
    shares = np.zeros(len(edges) - 1)
    for lower, upper, count in zip(observations.lower, observations.upper, observations.count, strict=True):
        if upper == np.inf:
            continue
        if lower == upper:
            at = min(int(np.searchsorted(edges, lower, side="right")) - 1, len(shares) - 1)
            shares[at] += count
        else:
            low, high = max(lower, 0.0), upper
            overlap = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
            shares += count * overlap / overlap.sum()
    heights: Numbers = shares / observations.total / np.diff(edges)
    return heights


def _draw_survival(axes: Axes, graph: Graph, observations: Observations, thetas: Numbers) -> None:
    discrete = graph.kind is Kind.DISCRETE
    times = _times(graph, observations, thetas)
    counted = kaplan_meier(observations)
    lowest = 1e-3
    if counted is not None:
        at, survived = counted
        if (observations.is_exact | observations.is_right_censored).all():
            axes.step(at, survived, where="post", color="0.45", label="observed")
        else:  # it is known at the ends of intervals only
            axes.plot(at, survived, "o", markersize=4, color="0.45", label="observed")
        lowest = min(lowest, float(survived[survived > 0].min(initial=1)) / 3)
    _draw_curves(axes, times, np.asarray(survival(graph, times, thetas)), steps="post" if discrete else "")
    axes.set(title="survival function", yscale="log", ylim=(lowest, 1.3))
    _name_time(axes, discrete=discrete)
    axes.legend(fontsize="small")


def kaplan_meier(observations: Observations) -> tuple[Numbers, Numbers] | None:
    """Return times and the share that is later than each, of observations that are exact or right-censored.

    Intervals count as their upper ends, if all are intervals; mixed with others there is no such share: None.

    Source: Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 53:457 (1958).
    """
    right = observations.is_right_censored
    exact = observations.is_exact
    if not (exact | right).all() and exact.any():
        return None
    at = np.where(right, np.maximum(observations.lower, 0), observations.upper)
    times = np.unique(at)
    died = np.array([observations.count[(at == time) & ~right].sum() for time in times])
    watched = np.array([observations.count[at >= time].sum() for time in times])
    return np.concatenate([[0.0], times]), np.concatenate([[1.0], np.cumprod(1 - died / watched)])


def _draw_draws(axes: Axes, fit: Draws, at: int) -> None:
    values = fit.pooled[:, at]
    bars = int(np.clip(np.sqrt(len(values)), 10, 50))
    axes.hist(values, bins=bars, density=True, color=_MODEL, alpha=0.6, label=f"posterior ({fit.method})")
    low, high = np.quantile(values, (0.025, 0.975))
    _draw_interval(axes, low, high, "95 % interval")
    _draw_middle(axes, float(values.mean()), "mean")
    left, right = axes.get_xlim()
    prior = fit.priors[at]
    grid = np.linspace(max(left, prior.domain.low), min(right, prior.domain.high), 202)[1:-1]
    axes.plot(grid, np.exp(np.asarray(prior.log_density(grid))), color=_PRIOR, label=f"prior {prior}")
    axes.set_xlim(left, right)


def _draw_estimate(axes: Axes, fit: MaximumLikelihood, at: int) -> None:
    """Draw the distribution of the estimate: normal in the numbers that stand for parameters."""
    domain, reach = fit.domains[at], norm.ppf((1 + fit.level) / 2)
    low, middle, high = (float(domain.free(theta[at])) for theta in (fit.low, fit.theta, fit.high))
    error = (high - low) / (2 * reach)
    free = np.linspace(middle - 4 * error, middle + 4 * error, _POINTS)
    density = norm.pdf(free, middle, error) / np.exp(np.asarray(domain.log_slope(free)))
    axes.plot(np.asarray(domain.parameter(free)), density, color=_MODEL, label="distribution of the estimate")
    _draw_interval(axes, fit.low[at], fit.high[at], f"{100 * fit.level:g} % interval")
    _draw_middle(axes, fit.theta[at], "most likely")


def _draw_interval(axes: Axes, low: float, high: float, label: str) -> None:
    axes.axvspan(low, high, color=_MODEL, alpha=0.12, linewidth=0, label=label)


def _draw_middle(axes: Axes, at: float, label: str) -> None:
    axes.axvline(at, color="0.2", linewidth=1.5, label=label)
