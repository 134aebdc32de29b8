"""What ``sharpbits phasetype`` does: print functions of a model, or fit it to observations."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sharpbits.console import logged_on_stderr
from sharpbits.errors import UsageError
from sharpbits.figures import check_figure_target
from sharpbits.files import check_targets, write_atomically
from sharpbits.phasetype.command_text import fit_text, model_text
from sharpbits.phasetype.errors import shown
from sharpbits.phasetype.evaluated import Wanted, evaluated
from sharpbits.phasetype.graph import Kind
from sharpbits.phasetype.inference import (
    Draws,
    LogLikelihood,
    MaximumLikelihood,
    Posterior,
    Prior,
    default_priors,
    maximise,
    nuts,
    prior,
    read_observations,
    svgd,
)
from sharpbits.phasetype.inference.plots import Curve, plot_fit, plot_functions
from sharpbits.phasetype.inference.progress import progress_bar
from sharpbits.phasetype.models import READY_MODELS, Model, ready_model
from sharpbits.phasetype.storage import load
from sharpbits.wide_types import wide_types

#: What each method can be told.
METHODS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ml": frozenset({"starts", "seed", "level", "max_iterations"}),
        "svgd": frozenset({"starts", "seed", "particles", "parallel", "max_iterations"}),
        "nuts": frozenset({"starts", "seed", "draws", "warmup", "chains"}),
    }
)


@dataclass(frozen=True)
class ShowRequest:
    """The options of one ``sharpbits phasetype MODEL``.

    Attributes
    ----------
    model
        A ready model's name, or a file.
    theta
        Numbers with commas between them; None: the ready model's own.
    wanted
        What is printed.
    plot, output
        Files to write a figure and the JSON document to; ending in .csv, the sample alone.
    as_json
        Print the document instead of tables.
    """

    model: str
    theta: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    plot: Path | None = None
    output: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class FitRequest:
    """The options of one ``sharpbits phasetype fit``.

    Attributes
    ----------
    model, plot, output, as_json
        As :class:`ShowRequest` has them.
    data
        Observations: see :mod:`sharpbits.phasetype.inference.reading`.
    method
        ``ml``, ``svgd`` or ``nuts``.
    priors
        None: for all parameters by default; one for all, or one for each.
    options
        Of the methods, by the names that their functions have for them; None: not given.
    """

    model: str
    data: Path
    method: str = "ml"
    priors: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    plot: Path | None = None
    output: Path | None = None
    as_json: bool = False


def run_show(request: ShowRequest) -> int:
    """Print functions of a model; return the exit status.

    Raises
    ------
    SharpbitsError
        The request cannot be met; told before anything is computed where it can be known.
    """
    file = _file_of(request.model)
    _check_outputs(request.plot, request.output, [file])
    model = model_of(request.model)
    theta = _theta(request.theta, model)
    request.wanted.check(model.graph)
    if request.plot is not None and not request.wanted.functions:
        raise UsageError(
            "there is nothing to plot",
            why="no function of time was asked for",
            resolution="add --pdf, --cdf or --survival, e.g. --pdf 0:5:100",
        )
    if request.output is not None and _is_table(request.output) and not request.wanted.sample:
        raise UsageError(
            "the result cannot be written",
            why=f"{request.output} is a table, and no sample was asked for",
            resolution="add --sample N, or name a file that does not end in .csv",
        )
    with wide_types():
        document = _described(model, theta) | evaluated(model.graph, theta, request.wanted)
    if request.plot is not None:
        curves = [Curve.of(name, document[name]) for name in request.wanted.functions]
        plot_functions(request.plot, curves, discrete=model.graph.kind is Kind.DISCRETE)
    written, table = _json(document), None
    if request.output is not None:
        table = request.output if _is_table(request.output) else None
        write_atomically(request.output, written if table is None else _sampled(document))
    sys.stdout.write(written if request.as_json else model_text(document, sample_in=table))
    return 0


def run_fit(request: FitRequest) -> int:
    """Fit a model to observations and print what was found; return the exit status.

    0; 1 where the method says itself that it has not settled.

    Raises
    ------
    SharpbitsError
        The request cannot be met, or the fit has no result.
    """
    file = _file_of(request.model)
    _check_outputs(request.plot, request.output, [file, request.data])
    options = _options(request)
    priors = tuple(map(prior, request.priors))
    model, observations = model_of(request.model), read_observations(request.data)
    with wide_types(), logged_on_stderr("sharpbits.phasetype.inference"):
        fit = _fit(request.method, options, LogLikelihood(model.graph, observations), priors)
        if request.plot is not None:
            plot_fit(request.plot, model.graph, observations, fit, model.parameters)
    document = {
        "model": model.name,
        "data": str(request.data),
        "observations": {"total": observations.total} | observations.kinds,
        "method": request.method,
        **_found(fit, model),
    }
    written = _json(document)
    if request.output is not None:
        write_atomically(request.output, written)
    sys.stdout.write(written if request.as_json else fit_text(document))
    return 0 if document["settled"] else 1


def model_of(name: str) -> Model:
    """Return a ready model, or the one in a file.

    Raises
    ------
    UsageError
        It is neither.
    GraphError
        The file is damaged, or holds no graph.
    """
    file = _file_of(name)
    if file is None:
        return ready_model(name)
    if not file.exists():
        if ":" in name:
            return ready_model(name)  # says which name is near
        raise UsageError(
            "there is no such model",
            why=f"{shown(name)} is no file, and none of the ready models",
            resolution=f"name a file, or {', '.join(f'{one}:N' for one in READY_MODELS)} with a number N",
        )
    graph = load(file)
    return Model(file.name, graph, tuple(f"parameter {at + 1}" for at in range(graph.parameters)), ())


def _file_of(name: str) -> Path | None:
    return None if name.partition(":")[0] in READY_MODELS else Path(name)


def _check_outputs(plot: Path | None, output: Path | None, inputs: list[Path | None]) -> None:
    if plot is not None:
        check_figure_target(plot, "the plot cannot be written")
    check_targets({"--plot": plot, "--output": output}, "the result cannot be written", inputs=inputs)


def _theta(text: str | None, model: Model) -> tuple[float, ...]:
    graph = model.graph
    if text is None and (model.theta or not graph.parameters):
        return model.theta
    try:
        theta = () if text is None else tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise UsageError(
            "there are no such parameters",
            why=f"{shown(text)} are no numbers",
            resolution="write numbers with commas between them, e.g. --theta 1.0,0.2",
        ) from error
    if len(theta) != graph.parameters:
        names = f": {', '.join(model.parameters)}" if model.theta else ""
        raise UsageError(
            "there are no such parameters",
            why=f"{model.name} has {graph.parameters}, and {len(theta)} were given",
            resolution=f"give --theta with {graph.parameters} number{'s' * (graph.parameters != 1)}{names}",
        )
    graph.weights(theta)
    graph.start_probabilities(theta)
    return theta


def _options(request: FitRequest) -> dict[str, Any]:
    """Return the options that were given, all of which the method must know."""
    what = "the model cannot be fitted"
    if request.method not in METHODS:
        raise UsageError(
            what,
            why=f"{shown(request.method)} is none of the methods {', '.join(METHODS)}",
            resolution="name one of them",
        )
    given = {name: value for name, value in request.options.items() if value is not None}
    strange = sorted(given.keys() - METHODS[request.method])
    if request.method == "ml" and request.priors:
        strange.append("prior")
    if strange:
        name = strange[0].removeprefix("max_")
        others = [method for method, known in METHODS.items() if strange[0] in known] or ["svgd", "nuts"]
        raise UsageError(
            what,
            why=f"method {request.method} has no use for --{name}",
            resolution=f"leave it out, or use --method {' or '.join(others)}",
        )
    return given


def _fit(
    method: str, options: dict[str, Any], likelihood: LogLikelihood, priors: tuple[Prior, ...]
) -> MaximumLikelihood | Draws:
    graph = likelihood.graph
    if not graph.parameters:
        raise UsageError(
            "the model cannot be fitted", why="it has no parameters", resolution="use a model that has some"
        )
    with progress_bar(method) as report:
        if method == "ml":
            return maximise(likelihood, report=report, **options)
        if not priors:
            priors = default_priors(graph, likelihood.observations)
        posterior = Posterior(likelihood, priors * graph.parameters if len(priors) == 1 else priors)
        return (svgd if method == "svgd" else nuts)(posterior, report=report, **options)


def _described(model: Model, theta: tuple[float, ...]) -> dict[str, Any]:
    graph = model.graph
    return {
        "model": model.name,
        "kind": str(graph.kind),
        "weights": str(graph.weight_mode),
        "states": graph.vertices,
        "edges": graph.edges,
        "parameters": [{"name": name, "theta": value} for name, value in zip(model.parameters, theta, strict=True)],
    }


def _found(fit: MaximumLikelihood | Draws, model: Model) -> dict[str, Any]:
    """Return the result as JSON has it."""
    if isinstance(fit, MaximumLikelihood):
        return {
            "settled": True,
            "level": fit.level,
            "log_likelihood": fit.log_likelihood,
            "aic": fit.aic,
            "starts": len(fit.ends),
            "agreeing": fit.agreeing,
            "parameters": [
                {
                    "name": name,
                    "theta": float(fit.theta[at]),
                    "standard_error": float(fit.standard_error[at]),
                    "low": float(fit.low[at]),
                    "high": float(fit.high[at]),
                }
                for at, name in enumerate(model.parameters)
            ],
            "covariance": fit.covariance.tolist(),
        }
    return {
        "settled": fit.settled,
        "diagnostics": dict(fit.diagnostics),
        "parameters": [
            {
                "name": name,
                "prior": str(fit.priors[at]),
                "mean": summary.mean,
                "standard_deviation": summary.standard_deviation,
                "quantiles": {format(probability, "g"): value for probability, value in summary.quantiles.items()},
                "effective": summary.effective,
                "r_hat": summary.r_hat,
            }
            for at, (name, summary) in enumerate(zip(model.parameters, fit.summary(), strict=True))
        ],
        "draws": fit.pooled.tolist(),
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _sampled(document: dict[str, Any]) -> str:
    """Return the sample as a table that ``fit`` reads."""
    return "\n".join(["time", *map(repr, document["sample"]["times"])]) + "\n"
