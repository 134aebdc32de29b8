"""``sharpbits phasetype MODEL`` and ``sharpbits phasetype fit``. Only typer is imported before one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from sharpbits.extras import needs_extra

#: What the command that takes a model at once is called in the list of commands.
_MODEL = "MODEL"


class _ModelOrCommand(TyperGroup):
    """A group whose first argument may be a model: then it is as if the command ``MODEL`` stood before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, [_MODEL, *args] if args and args[0] not in known else args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["MODEL [OPTIONS] | fit MODEL DATA.csv [OPTIONS]"]


class _OfModel(TyperCommand):
    """The command ``MODEL``: its name stands for its argument, which its usage need not say twice."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece for piece in super().collect_usage_pieces(ctx) if piece.strip("{}") != _MODEL]


phasetype_app = typer.Typer(cls=_ModelOrCommand, no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Model = Annotated[
    str,
    typer.Argument(
        metavar=_MODEL,
        help="A file with a graph, JSON or compact; or a ready model: coalescent:N, block-counting:N, two-island:N, "
        "mm1k:K.",
    ),
]
Plot = Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a figure: .png, .svg or .pdf.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write the JSON document to a file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON document instead of tables.")]


def register_phasetype(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(phasetype_app, name="phasetype", help="The time until a Markov chain is absorbed; fit it to data.")


@phasetype_app.command(_MODEL, cls=_OfModel)
def show(
    model: Model,
    theta: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Parameters, e.g. 1.0,0.2; default: a ready model's own.")
    ] = None,
    pdf: Annotated[
        str | None, typer.Option(metavar="TIMES", help="Density, or probability of steps: 0:5:100, or 0.5,1,2.")
    ] = None,
    cdf: Annotated[str | None, typer.Option(metavar="TIMES", help="Distribution function.")] = None,
    survival: Annotated[str | None, typer.Option(metavar="TIMES", help="1 less the distribution function.")] = None,
    moments: Annotated[int | None, typer.Option(min=1, max=100, metavar="K", help="E[T], …, E[T^K].")] = None,
    quantiles: Annotated[str | None, typer.Option(metavar="PROBABILITIES", help="E.g. 0.025,0.5,0.975.")] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, max=10_000_000, metavar="N", help="So many times, drawn at random.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the sample.  [default: 0]")] = None,
    gradient: Annotated[
        bool, typer.Option("--gradient", help="The derivatives by the parameters of all that is printed.")
    ] = False,
    plot: Plot = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write the JSON document; into .csv, the sample."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what a model says of time: density, moments, quantiles, samples, with exact gradients.

    Without options, a summary. A file that is called like a command is written ./fit.
    """
    with needs_extra("the model cannot be evaluated", "phasetype"):
        from sharpbits.phasetype.commands import ShowRequest, run_show
        from sharpbits.phasetype.evaluated import Wanted

    functions = {name: text for name, text in (("pdf", pdf), ("cdf", cdf), ("survival", survival)) if text is not None}
    wanted = Wanted(functions, moments, quantiles, sample, seed, gradient)
    request = ShowRequest(model, theta, wanted, plot=plot, output=output, as_json=as_json)
    raise typer.Exit(run_show(request))


@phasetype_app.command()
def fit(
    model: Model,
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA.csv",
            help="Columns time; time, event (0: censored); or lower, upper (an interval; empty: open). And count.",
        ),
    ],
    method: Annotated[
        str, typer.Option(help="ml: maximum likelihood; svgd: particles; nuts: Markov chains (blackjax).")
    ] = "ml",
    prior: Annotated[
        list[str] | None,
        typer.Option(metavar="PRIOR", help="svgd, nuts: e.g. log-normal:1,0.5; once, or for each parameter in order."),
    ] = None,
    level: Annotated[float | None, typer.Option(help="ml: of the intervals.  [default: 0.95]")] = None,
    particles: Annotated[int | None, typer.Option(help="svgd: their number.  [default: 100]")] = None,
    parallel: Annotated[str | None, typer.Option(help="svgd: none, vmap or pmap.  [default: vmap]")] = None,
    iterations: Annotated[int | None, typer.Option(help="ml, svgd: the most.  [default: 500, 1000]")] = None,
    draws: Annotated[int | None, typer.Option(help="nuts: of each chain.  [default: 1000]")] = None,
    warmup: Annotated[int | None, typer.Option(help="nuts: draws before, that do not count.  [default: 500]")] = None,
    chains: Annotated[int | None, typer.Option(help="nuts: their number.  [default: 4]")] = None,
    starts: Annotated[int, typer.Option(min=1, help="Of the search for the maximum.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    plot: Plot = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Fit a model to observed times: the most likely parameters, or what is known of them.

    Exit status: 0; 1 when particles or chains have not settled; 2 when there is no result.
    """
    with needs_extra("the model cannot be fitted", "phasetype"):
        from sharpbits.phasetype.commands import FitRequest, run_fit

    request = FitRequest(
        model,
        data,
        method,
        tuple(prior or ()),
        {
            "level": level,
            "particles": particles,
            "parallel": parallel,
            "max_iterations": iterations,
            "draws": draws,
            "warmup": warmup,
            "chains": chains,
            "starts": starts,
            "seed": seed,
        },
        plot=plot,
        output=output,
        as_json=as_json,
    )
    raise typer.Exit(run_fit(request))
