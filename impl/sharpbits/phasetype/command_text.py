"""What ``sharpbits phasetype`` found, as text: the JSON document in tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: What the first column of each part of a document holds, and what it is called.
_FIRST = {
    "pdf": ("times", "time"),
    "cdf": ("times", "time"),
    "survival": ("times", "time"),
    "moments": ("orders", "order"),
    "quantiles": ("probabilities", "probability"),
    "summary": ("names", ""),
}


_KINDS = {"exact": "exact", "intervals": "in intervals", "right_censored": "right-censored"}


def model_text(document: dict[str, Any], *, sample_in: Path | None = None) -> str:
    """Return a model and what was asked of it; where the sample is in a file, only where."""
    discrete = document["kind"] == "discrete"
    lines = [
        f"{document['model']}: {document['states']:,} states, {document['edges']:,} edges, {document['kind']} time"
    ]
    for number, parameter in enumerate(document["parameters"], 1):
        lines.append(f"θ{number} = {parameter['theta']:.6g}  {parameter['name']}")
    for part, (first, heading) in _FIRST.items():
        if part in document:
            named = "step" if heading == "time" and discrete else heading
            value = {"pdf": "probability" if discrete else "pdf", "moments": "moment", "quantiles": "quantile"}
            lines += ["", *_columns(document[part], document[part][first], named, value.get(part, part))]
    if "sample" in document:
        times = document["sample"]["times"]
        said = f"sample of {len(times):,}, seed {document['sample']['seed']}"
        lines += ["", f"{said}: {sample_in}"] if sample_in else ["", said, *map(_number, times)]
    return "\n".join(lines) + "\n"


def _columns(part: dict[str, Any], first: Sequence[Any], heading: str, name: str) -> list[str]:
    gradient = part.get("gradient")
    headings = [heading, "" if name == "summary" else name]
    rows = [[_number(at), _number(value)] for at, value in zip(first, part["values"], strict=True)]
    if gradient is not None:
        headings += [f"by θ{number + 1}" for number in range(len(gradient[0]))]
        rows = [row + [_number(one) for one in slopes] for row, slopes in zip(rows, gradient, strict=True)]
    return table([headings, *rows] if any(headings) else rows)


def fit_text(document: dict[str, Any]) -> str:
    """Return what a fit found."""
    counts = document["observations"]
    described = ", ".join(f"{counts[kind]:,} {name}" for kind, name in _KINDS.items() if counts[kind])
    lines = [f"{document['model']} fitted to {counts['total']:,} observations of {document['data']}: {described}"]
    draws = "draws" in document
    if draws:
        told = document["diagnostics"]
        lines.append(f"{document['method']}: " + ", ".join(f"{name} {_roughly(value)}" for name, value in told.items()))
        headings = ["", "mean", "sd", "2.5 %", "median", "97.5 %", "prior"]
        headings[6:6] = ["effective", "R̂"] if document["method"] == "nuts" else []
        rows = [_draws_row(number, one) for number, one in enumerate(document["parameters"], 1)]
    else:
        lines.append(
            f"maximum likelihood: log-likelihood {document['log_likelihood']:.6f}, AIC {document['aic']:.4f}, "
            f"{document['agreeing']} of {document['starts']} starts came to it"
        )
        level = f"{100 * document['level']:g} %"
        headings = ["", "estimate", "standard error", f"{level} from", "to"]
        rows = [
            [f"θ{number}", *(_number(one[key]) for key in ("theta", "standard_error", "low", "high"))]
            for number, one in enumerate(document["parameters"], 1)
        ]
    lines += table([headings, *rows])
    lines += [f"θ{number}: {one['name']}" for number, one in enumerate(document["parameters"], 1)]
    if not document["settled"]:
        lines.append("not settled: see the warning above; these figures are provisional")
    return "\n".join(lines) + "\n"


def _draws_row(number: int, one: dict[str, Any]) -> list[str]:
    quantiles = one["quantiles"]
    row = [one["mean"], one["standard_deviation"], quantiles["0.025"], quantiles["0.5"], quantiles["0.975"]]
    checks = [f"{one['effective']:.0f}", f"{one['r_hat']:.3f}"] if one["effective"] is not None else []
    return [f"θ{number}", *map(_number, row), *checks, one["prior"]]


def _number(value: Any) -> str:
    return format(value, ".6g") if isinstance(value, float) else str(value)


def _roughly(value: Any) -> str:
    return format(value, ".3g") if isinstance(value, float) else str(value)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines in which columns stand under each other, numbers flush right.

    >>> table([["time", "pdf"], ["0.5", "1"]])
    ['time  pdf', ' 0.5    1']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
